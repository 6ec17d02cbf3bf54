// One call of a compiled program.
#include <algorithm>
#include <chrono>
#include <memory>

#include "buffer.h"
#include "executable.h"
#include "flight.h"
#include "gil.h"
#include "launch.h"
#include "leaf.h"
#include "status.h"

namespace pullback {
namespace {

// What a call takes, whatever it computes.
constexpr int64_t kLeastNanoseconds = 100;

// Room for n values, on the stack while they are few.
template <typename T, size_t kFew>
class Room {
  public:
    explicit Room(size_t n) : many_(n > kFew ? new T[n] : nullptr), at_(n > kFew ? many_.get() : few_) {}
    T& operator[](size_t i) { return at_[i]; }
    T* get() { return at_; }

  private:
    T few_[kFew];
    std::unique_ptr<T[]> many_;
    T* at_;
};

class Call {
  public:
    Call(const Executable& program, PyObject* const* leaves, PyObject** results)
        : program_(program),
          leaves_(leaves),
          results_(results),
          args_(program.kept.size() + program.consts.size()),
          outs_(program.outs.size()),
          held_(program.kept.size()),
          numbers_(program.kept.size()) {}
    ~Call() {
        for (size_t i = 0; i < num_held_; ++i) Py_XDECREF(held_[i]);
        buffer_free(scratch_);
        if (done_) return;
        for (size_t i = 0; i < num_results_; ++i) Py_CLEAR(results_[i]);
    }

    bool run();

  private:
    PyObject* make_new(const Executable::Out& out);
    bool may_reuse(PyObject* leaf, ArrayType* type) const;
    bool read_args();
    bool delete_donated();
    bool invoke();
    bool raise(int32_t status);

    const Executable& program_;
    PyObject* const* leaves_;
    PyObject** results_;
    Room<void*, 32> args_;
    Room<void*, 32> outs_;
    Room<PyObject*, 32> held_;  // ndarrays the native code reads
    Room<Number, 16> numbers_;
    char* scratch_ = nullptr;
    size_t num_held_ = 0;
    size_t num_results_ = 0;
    size_t num_new_ = 0;
    uint32_t epoch_ = 0;
    bool done_ = false;
};

bool Call::run() {
    if (arrays_in_flight() && !(land(leaves_, program_.kept) && land(leaves_, program_.donated)))
        return false;
    if (!program_.donated.empty()) epoch_ = mark_repeated(leaves_, program_.num_args);
    // Results first: whether memory can be taken over is seen before the arguments are held.
    auto make = [this](const Executable::Out& out) { return make_new(out); };
    if (!make_results(program_, leaves_, results_, num_results_, make) || !read_args()) return false;
    if (!program_.donated.empty() && !delete_donated()) return false;
    if (program_.scratch_bytes) {
        scratch_ = static_cast<char*>(buffer_alloc(program_.scratch_bytes));
        if (!scratch_) return PyErr_NoMemory(), false;
    }
    return done_ = invoke();
}

bool Call::may_reuse(PyObject* leaf, ArrayType* type) const {
    if (!is_array(leaf)) return false;
    ArrayImpl* array = as_array(leaf);
    PyArrayObject* npy = array->npy;
    return npy && !array->borrows && array->mark == epoch_ && reusable(npy, type);
}

PyObject* Call::make_new(const Executable::Out& out) {
    if (out.type->ndim == 0 && out.type->nbytes <= kScalarBytes) {
        PyObject* made = array_scalar(out.type, nullptr);
        if (made) outs_[num_new_++] = as_array(made)->scalar;
        return made;
    }
    PyObject* leaf = out.reuse < 0 ? nullptr : leaves_[out.reuse];
    bool reuse = leaf && may_reuse(leaf, out.type);
    PyArrayObject* npy = reuse ? ndarray(Py_NewRef(object(as_array(leaf)->npy)))
                               : new_ndarray(out.type);
    if (!npy) return nullptr;
    outs_[num_new_++] = PyArray_DATA(npy);
    return array_wrap_typed(npy, out.type);
}

bool Call::read_args() {
    for (size_t i = 0; i < program_.kept.size(); ++i) {
        PyObject* leaf = leaves_[program_.kept[i]];
        held_[num_held_++] = nullptr;
        if (!is_array(leaf)) {
            if (!read_number(leaf, numbers_[i])) return false;
            args_[i] = numbers_[i].bytes;
            continue;
        }
        ArrayImpl* array = as_array(leaf);
        if (array->holds_scalar) {
            args_[i] = array->scalar;
            continue;
        }
        PyArrayObject* npy = array_npy(array);
        if (!npy) return false;
        held_[i] = readable(npy) ? Py_NewRef(object(npy)) : PyArray_NewCopy(npy, NPY_CORDER);
        if (!held_[i]) return false;
        args_[i] = PyArray_DATA(ndarray(held_[i]));
    }
    void** rest = args_.get() + program_.kept.size();
    for (PyObject* constant : program_.consts) *rest++ = PyArray_DATA(ndarray(constant));
    return true;
}

// Before the native code runs, so that no other thread meets an array half written.
bool Call::delete_donated() {
    for (size_t leaf : program_.donated)
        if (is_array(leaves_[leaf]) && !array_delete(as_array(leaves_[leaf]))) return false;
    return true;
}

bool Call::invoke() {
    int32_t status;
    if (program_.release_gil) {
        WithoutGil gil;
        status = program_.run_timed(program_.function, args_.get(), outs_.get(), scratch_);
    } else {
        status = program_.run_native(program_.function, args_.get(), outs_.get(), scratch_);
    }
    return status == kDone || raise(status);
}

bool Call::raise(int32_t status) {
    if (PyErr_Occurred()) return false;
    if (status == kExhausted) PyErr_NoMemory();
    else if (status == kStopped) PyErr_SetNone(PyExc_KeyboardInterrupt);
    else PyErr_Format(PyExc_SystemError, "compiled code gave status %d without an error", status);
    return false;
}

}  // namespace

bool Executable::better_is_due() const {
    if (patience <= 0) return true;
    patience -= std::max(kLeastNanoseconds, nanoseconds.load(std::memory_order_relaxed));
    return false;
}

// What other threads run at this moment stays alive.
bool Executable::take_better_code() const {
    PyObject* make = std::exchange(improve, nullptr);
    PyObject* code = PyObject_CallNoArgs(make);
    Py_DECREF(make);
    if (!code) return false;
    unsigned long long address;
    PyObject* alive;
    bool fine = PyArg_ParseTuple(code, "KO", &address, &alive);
    PyObject* both = fine ? PyTuple_Pack(2, keepalive, alive) : nullptr;
    Py_DECREF(code);
    if (!both) return false;
    Py_SETREF(keepalive, both);
    function = reinterpret_cast<Function>(static_cast<uintptr_t>(address));
    return true;
}

bool Executable::run(PyObject* const* leaves, PyObject** results) const {
    if (improve && better_is_due() && !take_better_code()) return false;
    if (launches(*this, leaves)) return launch(*this, leaves, results);
    return Call(*this, leaves, results).run();
}

int32_t Executable::run_native(Function code, void** args, void** results, char* scratch) const {
    return code(args, results, scratch, const_cast<void**>(externals.data()));
}

// What a call takes is known by what the last ones took: how often a loop runs cannot be estimated.
int32_t Executable::run_timed(Function code, void** args, void** results, char* scratch) const {
    using std::chrono::steady_clock;
    auto begin = steady_clock::now();
    int32_t status = run_native(code, args, results, scratch);
    int64_t taken = std::chrono::nanoseconds(steady_clock::now() - begin).count();
    int64_t before = nanoseconds.load(std::memory_order_relaxed);
    nanoseconds.store((3 * before + taken) / 4, std::memory_order_relaxed);
    return status;
}

PyObject* Executable::call(PyObject* const* leaves) const {
    Room<PyObject*, 32> results(outs.size());
    return run(leaves, results.get()) ? builder.build(results.get()) : nullptr;
}

}  // namespace pullback
