// One call of a compiled program.
#include <cstring>
#include <memory>

#include "buffer.h"
#include "executable.h"
#include "gil.h"
#include "status.h"
#include "trace.h"

namespace pullback {
namespace {

constexpr int kReadable = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;

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

struct alignas(16) Number {
    char bytes[16];
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
    bool make_results();
    PyObject* make_new(const Executable::Out& out);
    PyObject* forward(const Executable::Out& out);
    bool may_reuse(PyObject* leaf, ArrayType* type) const;
    void mark_repeated();
    bool read_args();
    bool read_number(size_t i, PyObject* leaf);
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
    if (!program_.donated.empty()) mark_repeated();
    // Results first: whether memory can be taken over is seen before the arguments are held.
    if (!make_results() || !read_args()) return false;
    if (!program_.donated.empty() && !delete_donated()) return false;
    if (program_.scratch_bytes) {
        scratch_ = static_cast<char*>(buffer_alloc(program_.scratch_bytes));
        if (!scratch_) return PyErr_NoMemory(), false;
    }
    return done_ = invoke();
}

// Arrays passed twice get an odd mark: what one argument gives away the other still reads.
void Call::mark_repeated() {
    static uint32_t last = 0;
    epoch_ = last += 2;
    for (size_t i = 0; i < program_.num_args; ++i) {
        if (!is_array(leaves_[i])) continue;
        uint32_t& mark = as_array(leaves_[i])->mark;
        mark = mark == epoch_ ? epoch_ + 1 : epoch_ + (mark == epoch_ + 1);
    }
}

bool Call::may_reuse(PyObject* leaf, ArrayType* type) const {
    if (!is_array(leaf)) return false;
    ArrayImpl* array = as_array(leaf);
    PyArrayObject* npy = array->npy;
    if (!npy || array->borrows || array->mark != epoch_ || Py_REFCNT(npy) != 1) return false;
    constexpr int kOwned = kReadable | NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE;
    return (PyArray_FLAGS(npy) & kOwned) == kOwned &&
           canonical_type_num(PyArray_DESCR(npy)) == type->type_num &&
           PyArray_NDIM(npy) == type->ndim &&
           PyArray_CompareLists(PyArray_DIMS(npy), type->dims, type->ndim);
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

PyObject* Call::forward(const Executable::Out& out) {
    if (out.kind == Executable::Out::Const)
        return array_wrap(ndarray(Py_NewRef(program_.consts[out.index])), out.weak);
    PyObject* leaf = leaves_[out.index];
    if (!is_array(leaf)) {
        ArrayType* type = number_type(leaf, current_context().x64);
        Number number;
        if (!type) return nullptr;
        write_number(leaf, type, number.bytes);
        return array_scalar_as(type, number.bytes, out.weak);
    }
    ArrayImpl* array = as_array(leaf);
    if (array->holds_scalar) return array_scalar_as(array->type, array->scalar, out.weak);
    PyArrayObject* npy = array_npy(array);
    if (!npy) return nullptr;
    PyObject* shared =
        array->borrows ? PyArray_NewCopy(npy, NPY_CORDER) : Py_NewRef(object(npy));
    return shared ? array_wrap(ndarray(shared), out.weak) : nullptr;
}

bool Call::make_results() {
    for (const Executable::Out& out : program_.outs) {
        PyObject* made = out.kind == Executable::Out::New ? make_new(out) : forward(out);
        if (!made) return false;
        results_[num_results_++] = made;
    }
    return true;
}

bool Call::read_number(size_t i, PyObject* leaf) {
    ArrayType* type = number_type(leaf, current_context().x64);
    if (!type) {
        PyErr_Format(PyExc_TypeError, "a compiled program takes arrays, got %R", leaf);
        return false;
    }
    write_number(leaf, type, numbers_[i].bytes);
    args_[i] = numbers_[i].bytes;
    return true;
}

bool Call::read_args() {
    for (size_t i = 0; i < program_.kept.size(); ++i) {
        PyObject* leaf = leaves_[program_.kept[i]];
        held_[num_held_++] = nullptr;
        if (!is_array(leaf)) {
            if (!read_number(i, leaf)) return false;
            continue;
        }
        ArrayImpl* array = as_array(leaf);
        if (array->holds_scalar) {
            args_[i] = array->scalar;
            continue;
        }
        PyArrayObject* npy = array_npy(array);
        if (!npy) return false;
        bool readable = (PyArray_FLAGS(npy) & kReadable) == kReadable;
        held_[i] = readable ? Py_NewRef(object(npy)) : PyArray_NewCopy(npy, NPY_CORDER);
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
    void** externals = const_cast<void**>(program_.externals.data());
    int32_t status;
    {
        WithoutGil gil(program_.release_gil);
        status = program_.function(args_.get(), outs_.get(), scratch_, externals);
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
    if (calls_left && --calls_left == 0 && improve && !take_better_code()) return false;
    return Call(*this, leaves, results).run();
}

PyObject* Executable::call(PyObject* const* leaves) const {
    Room<PyObject*, 32> results(outs.size());
    return run(leaves, results.get()) ? builder.build(results.get()) : nullptr;
}

}  // namespace pullback
