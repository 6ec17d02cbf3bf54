// A call of a compiled program on its way: what it reads and writes, kept until it is done, for the
// arrays that will be its results.
#pragma once

#include <string>
#include <vector>

#include "array.h"
#include "executable.h"
#include "leaf.h"
#include "queue.h"

namespace pullback {

class Flight final : public Task {
  public:
    // What arrays will hold, and how many of them there are.
    struct Result {
        PyArrayObject* npy;
        size_t claims;
    };

    // What kept somebody from waiting, and was not told for sure.
    struct Owed {
        PyObject *kind, *args;
    };

    // All that follows is for threads that hold the GIL.
    Flight(const Executable& program, PyObject* owner);

    // The array takes part of a result; the result of a flight that is done when it has one.
    void claim(size_t result) { ++results[result].claims; }
    PyArrayObject* collect(size_t result);
    // The array is gone. Its memory too, where it is not written any more or `kept` elsewhere.
    void leave(size_t result, bool kept);
    void forgive();
    // After the end: nothing of Python's is held any more but what arrays will have.
    void release();

    const Executable& program;
    Executable::Function code;
    std::string name;
    PyObject* owner;
    std::vector<void*> args, outs;
    std::vector<Number> numbers;
    std::vector<PyObject*> inputs;
    std::vector<Result> results;
    std::vector<Flight*> before;  // those whose results this one reads
    size_t arrays = 0;            // how many arrays are in this flight
    Owed owed{};

  protected:
    int32_t run() override;
    bool needs(const Task& other) const override;
};

// A result of a flight as an array. A new reference.
PyObject* array_ahead(ArrayType* type, Flight* flight, size_t result);
// Lets go of what has ended.
void flights_release();
// How many arrays are in flight.
size_t arrays_in_flight();
// Waits for those of these leaves that are. False with an error set.
bool land(PyObject* const* leaves, const std::vector<size_t>& which);

bool flight_init();

}  // namespace pullback
