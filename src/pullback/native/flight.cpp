#include "flight.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "buffer.h"
#include "ending.h"
#include "executable.h"
#include "gil.h"
#include "interrupt.h"
#include "status.h"

namespace pullback {
namespace {

size_t in_flight = 0;

void raise(ArrayImpl* array, const Flight& flight) {
    Ref text(type_text(array->type));
    if (!text) return;
    PyObject* kind = PyExc_SystemError;
    const char* why = "the call gave an unknown status";
    if (flight.status() == kExhausted) kind = PyExc_MemoryError, why = "memory ran out";
    if (flight.status() == kStopped) kind = PyExc_RuntimeError, why = "the call was interrupted";
    PyErr_Format(kind, "%s: %s, so this %U has no values", flight.name.c_str(), why, text.get());
}

// False with the error set.
bool pay(Flight* flight) {
    auto [kind, args] = std::exchange(flight->owed, {});
    if (!kind) return true;
    PyErr_SetObject(kind, args);
    Py_DECREF(kind);
    Py_XDECREF(args);
    return false;
}

void let_go(ArrayImpl* array) {
    Flight* flight = array->ahead.flight;
    if (--flight->arrays == 0) flight->forgive();
    flight->drop();
    array->in_flight = false;
    --in_flight;
}

// What has no axes is read without its ndarray.
void hold_scalar(ArrayImpl* array) {
    if (array->type->nbytes > kScalarBytes) return;
    auto bytes = static_cast<size_t>(array->type->nbytes);
    std::memcpy(array->scalar, PyArray_DATA(array->npy), bytes);
    array->holds_scalar = true;
}

// False with an error set.
bool wait(Flight* flight) {
    flight->keep();
    bool stayed;
    {
        WithoutGil gil;
        stayed = queue_wait(flight, interrupted);
    }
    // At the end of the interpreter calls are stopped, and of that only the main thread is told.
    { Inside still; }
    flight->drop();
    if (!stayed && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "a signal handler cannot wait for what it interrupts");
    return !PyErr_Occurred();
}

// Soon, on the main thread, with the GIL.
void release_soon() {
    Py_AddPendingCall([](void*) { return flights_release(), 0; }, nullptr);
}

// A child process has no other threads: what is on its way is done before.
PyObject* drain(PyObject*, PyObject*) {
    {
        WithoutGil gil;
        queue_drain(interrupted);
    }
    flights_release();
    return PyErr_Occurred() ? nullptr : Py_NewRef(Py_None);
}

PyMethodDef drain_method = {"drain", drain, METH_NOARGS, "Called before the process forks."};

}  // namespace

Flight::Flight(const Executable& given, PyObject* holder)
    : program(given), code(given.function), name(given.name), owner(Py_NewRef(holder)) {}

PyArrayObject* Flight::collect(size_t result) {
    Result& one = results[result];
    return --one.claims ? ndarray(Py_NewRef(object(one.npy))) : std::exchange(one.npy, nullptr);
}

void Flight::leave(size_t result, bool kept) {
    Result& one = results[result];
    if (--one.claims == 0 && (kept || done())) Py_CLEAR(one.npy);
}

void Flight::release() {
    for (PyObject*& input : inputs) Py_CLEAR(input);
    for (Result& one : results)
        if (one.claims == 0) Py_CLEAR(one.npy);
    for (Flight* flight : std::exchange(before, {})) flight->drop();
    Py_CLEAR(owner);
}

void Flight::forgive() {
    auto [kind, args] = std::exchange(owed, {});
    Py_XDECREF(kind);
    Py_XDECREF(args);
}

int32_t Flight::run() {
    for (Flight* flight : before)
        if (flight->status() != kDone) return flight->status();
    int32_t status = kDone;
    int32_t failed = status_of([&] {
        std::optional<Block> scratch;
        if (program.scratch_bytes) scratch.emplace(program.scratch_bytes);
        char* memory = scratch ? scratch->as<char>() : nullptr;
        status = program.run_timed(code, args.data(), outs.data(), memory);
    });
    return failed ? failed : status;
}

bool Flight::needs(const Task& other) const {
    return std::ranges::find(before, &other) != before.end();
}

PyObject* array_ahead(ArrayType* type, Flight* flight, size_t result) {
    PyObject* made = array_scalar(type, nullptr);
    if (!made) return nullptr;
    ArrayImpl* array = as_array(made);
    array->holds_scalar = false;
    array->in_flight = true;
    array->ahead = {flight, result};
    flight->keep();
    flight->claim(result);
    ++flight->arrays;
    ++in_flight;
    return made;
}

PyArrayObject* array_land(ArrayImpl* array) {
    Flight* flight = array->ahead.flight;
    if (!pay(flight)) return nullptr;
    Ref held = Ref::borrow(object(array));
    if (!flight->done() && !wait(flight)) return nullptr;
    flights_release();
    // Others may have landed or deleted it meanwhile.
    if (!array->in_flight) return array_npy(array);
    if (flight->status() != kDone) return raise(array, *flight), nullptr;
    array->npy = flight->collect(array->ahead.result);
    let_go(array);
    if (array->type->ndim == 0) hold_scalar(array);
    return array->npy;
}

void array_owe(ArrayImpl* array) {
    if (!array->in_flight || array->ahead.flight->owed.kind) return;
    PyObject *kind, *value, *where;
    PyErr_Fetch(&kind, &value, &where);
    PyErr_NormalizeException(&kind, &value, &where);
    PyObject* args = value ? PyObject_GetAttrString(value, "args") : nullptr;
    if (!args) PyErr_Clear();
    array->ahead.flight->owed = {Py_XNewRef(kind), args};
    PyErr_Restore(kind, value, where);
}

void array_leave(ArrayImpl* array, bool kept) {
    array->ahead.flight->leave(array->ahead.result, kept);
    let_go(array);
}

void flights_release() {
    for (Task* task : queue_finished()) {
        static_cast<Flight*>(task)->release();
        task->drop();
    }
}

size_t arrays_in_flight() { return in_flight; }

bool land(PyObject* const* leaves, const std::vector<size_t>& which) {
    for (size_t i : which) {
        if (!is_array(leaves[i]) || !as_array(leaves[i])->in_flight) continue;
        if (!array_land(as_array(leaves[i]))) return false;
    }
    return true;
}

bool flight_init() {
    queue_notify(release_soon);
    Ref os(PyImport_ImportModule("os"));
    Ref enter(os ? PyObject_GetAttrString(os.get(), "register_at_fork") : nullptr);
    Ref before(PyCFunction_New(&drain_method, nullptr));
    Ref none(PyTuple_New(0)), named(PyDict_New());
    if (!enter || !before || !none || !named) return false;
    if (PyDict_SetItemString(named.get(), "before", before.get()) < 0) return false;
    return static_cast<bool>(Ref(PyObject_Call(enter.get(), none.get(), named.get())));
}

}  // namespace pullback
