#include "launch.h"

#include <nanobind/nanobind.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "buffer.h"
#include "flight.h"
#include "gil.h"
#include "interrupt.h"
#include "leaf.h"

namespace pullback {
namespace {

// Calls of fewer nanoseconds are done where they are made: to hand one over takes some microseconds.
std::atomic<int64_t> long_enough{INT64_MAX};
// Calls of as many or more are begun at once, where to wake another thread is little beside them.
constexpr int64_t kLong = 1000000;
// What it takes to copy a byte, beside which the call should be long.
constexpr double kCopyNanoseconds = 1;

// A flight being made. What is not handed in is released.
class Launch {
  public:
    Launch(const Executable& program, PyObject* const* leaves, PyObject** results)
        : program_(program),
          leaves_(leaves),
          results_(results),
          taken_(program.donated.empty() ? 0 : program.num_args),
          flight_(new Flight(program, nanobind::find(program).ptr())) {}

    ~Launch() {
        if (!flight_) return;
        for (size_t i = 0; i < num_results_; ++i) Py_CLEAR(results_[i]);
        flight_->release();
        flight_->drop();
    }
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;

    bool run() {
        if (!program_.donated.empty()) epoch_ = mark_repeated(leaves_, program_.num_args);
        // Results first: whether memory can be taken over is seen before the arguments are held.
        flight_->results.reserve(program_.outs.size());
        auto make = [this](const Executable::Out& out) { return make_new(out); };
        if (!make_results(program_, leaves_, results_, num_results_, make)) return false;
        if (!read_args()) return false;
        for (size_t leaf : program_.donated)
            if (is_array(leaves_[leaf]) && !give_up(leaf)) return false;
        queue_add(flight_, program_.nanoseconds >= kLong);
        flight_ = nullptr;
        return true;
    }

  private:
    PyObject* make_new(const Executable::Out& out) {
        PyArrayObject* npy = out.reuse < 0 ? nullptr : memory_of(leaves_[out.reuse], out.type);
        if (npy) {
            Py_INCREF(npy);
            taken_[static_cast<size_t>(out.reuse)] = true;
        } else {
            npy = new_ndarray(out.type);
        }
        if (!npy) return nullptr;
        flight_->results.push_back({npy, 0});
        flight_->outs.push_back(PyArray_DATA(npy));
        return array_ahead(out.type, flight_, flight_->results.size() - 1);
    }

    // What a donated array holds, or will hold, if a result may take it over. Borrowed.
    PyArrayObject* memory_of(PyObject* leaf, ArrayType* type) const {
        if (!is_array(leaf)) return nullptr;
        ArrayImpl* array = as_array(leaf);
        if (array->borrows || array->mark != epoch_) return nullptr;
        PyArrayObject* npy = array->npy;
        if (array->in_flight) {
            const Flight::Result& ahead = array->ahead.flight->results[array->ahead.result];
            npy = ahead.claims == 1 ? ahead.npy : nullptr;
        }
        return npy && reusable(npy, type) ? npy : nullptr;
    }

    bool read_args() {
        flight_->args.reserve(program_.kept.size() + program_.consts.size());
        flight_->numbers.reserve(program_.kept.size());
        for (size_t leaf : program_.kept)
            if (!(is_array(leaves_[leaf]) ? read_array(leaf) : read_number(leaf))) return false;
        for (PyObject* constant : program_.consts)
            flight_->args.push_back(PyArray_DATA(ndarray(constant)));
        return true;
    }

    bool read_number(size_t leaf) {
        flight_->args.push_back(flight_->numbers.emplace_back().bytes);
        return pullback::read_number(leaves_[leaf], flight_->numbers.back());
    }

    bool read_array(size_t leaf) {
        ArrayImpl* array = as_array(leaves_[leaf]);
        if (array->holds_scalar) {
            Number& number = flight_->numbers.emplace_back();
            std::memcpy(number.bytes, array->scalar, sizeof number.bytes);
            flight_->args.push_back(number.bytes);
            return true;
        }
        PyArrayObject* npy = array->in_flight ? read_ahead(array) : array_npy(array);
        if (!npy) return false;
        bool taken = !taken_.empty() && taken_[leaf];
        bool lies = !array->borrows && readable(npy);
        PyObject* held = lies ? Py_NewRef(object(npy)) : PyArray_NewCopy(npy, NPY_CORDER);
        if (!held) return false;
        flight_->args.push_back(PyArray_DATA(ndarray(held)));
        // The result that takes the memory holds it.
        if (taken) Py_DECREF(held);
        else flight_->inputs.push_back(held);
        return true;
    }

    PyArrayObject* read_ahead(ArrayImpl* array) {
        Flight* other = array->ahead.flight;
        if (flight_->before.empty() || flight_->before.back() != other) {
            flight_->before.push_back(other);
            other->keep();
        }
        return other->results[array->ahead.result].npy;
    }

    bool give_up(size_t leaf) {
        ArrayImpl* array = as_array(leaves_[leaf]);
        if (array->in_flight) array_leave(array, taken_[leaf]);
        return array_delete(array);
    }

    const Executable& program_;
    PyObject* const* leaves_;
    PyObject** results_;
    std::vector<bool> taken_;  // donated leaves whose memory results have
    Flight* flight_;
    size_t num_results_ = 0;
    uint32_t epoch_ = 0;
};

bool make_room() {
    {
        WithoutGil gil;
        queue_room(interrupted);
    }
    flights_release();
    return !PyErr_Occurred();
}

}  // namespace

int64_t launch_above(int64_t nanoseconds) { return long_enough.exchange(nanoseconds); }

bool launches(const Executable& program, PyObject* const* leaves) {
    int64_t nanoseconds = program.nanoseconds;
    if (nanoseconds < long_enough || !program.externals.empty() || inside_queue()) return false;
    // Memory that the caller may write again is copied, or read before the call returns.
    npy_intp copied = 0;
    for (size_t leaf : program.kept) {
        if (!is_array(leaves[leaf]) || !as_array(leaves[leaf])->borrows) continue;
        PyArrayObject* npy = as_array(leaves[leaf])->npy;
        if (npy) copied += PyArray_NBYTES(npy);
    }
    return static_cast<double>(copied) * kCopyNanoseconds <= static_cast<double>(nanoseconds) &&
           !queue_closed();
}

bool launch(const Executable& program, PyObject* const* leaves, PyObject** results) {
    try {
        return make_room() && Launch(program, leaves, results).run();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    }
}

}  // namespace pullback
