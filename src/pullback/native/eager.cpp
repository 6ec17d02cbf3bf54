#include "eager.h"

#include <limits>
#include <vector>

#include "array.h"
#include "buffer.h"
#include "trace.h"

namespace pullback {
namespace {

// A context can be entered once at a time, so each call takes one and puts it back.
std::vector<PyObject*>& idle_contexts() {
    static auto* contexts = new std::vector<PyObject*>;
    return *contexts;
}

bool quieten() {
    Ref numpy(PyImport_ImportModule("numpy"));
    Ref seterr(numpy ? PyObject_GetAttrString(numpy.get(), "seterr") : nullptr);
    Ref none(PyTuple_New(0));
    Ref all(Py_BuildValue("{s:s}", "all", "ignore"));
    if (!seterr || !none || !all) return false;
    Ref old(PyObject_Call(seterr.get(), none.get(), all.get()));
    Ref handler(old ? PyDataMem_SetHandler(buffer_handler()) : nullptr);
    return static_cast<bool>(handler);
}

// A new context, already entered.
PyObject* make_context() {
    Ref context(PyContext_New());
    if (!context || PyContext_Enter(context.get()) < 0) return nullptr;
    if (quieten()) return context.release();
    PyContext_Exit(context.get());
    return nullptr;
}

template <typename T>
void store(PyArrayObject* out, T value) {
    *static_cast<T*>(PyArray_DATA(out)) = value;
}

template <typename T>
bool store_int(PyArrayObject* out, PyObject* value) {
    int overflow = 0;
    long long whole = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || (std::is_unsigned_v<T> && whole < 0)) return false;
    if (sizeof(T) < 8 && (whole < static_cast<long long>(std::numeric_limits<T>::min()) ||
                          whole > static_cast<long long>(std::numeric_limits<T>::max())))
        return false;
    store(out, static_cast<T>(whole));
    return true;
}

template <typename T>
bool store_float(PyArrayObject* out, PyObject* value) {
    double number;
    if (PyFloat_CheckExact(value)) {
        number = PyFloat_AS_DOUBLE(value);
    } else if (PyLong_Check(value)) {
        number = PyLong_AsDouble(value);
        if (number == -1.0 && PyErr_Occurred()) return PyErr_Clear(), false;
    } else {
        return false;
    }
    store(out, static_cast<T>(number));
    return true;
}

// Python's number as a value of the array's dtype; false where the general path must decide.
bool store_number(PyArrayObject* out, PyObject* value) {
    // Whether a bool may be a number depends on the mode of promotion.
    bool whole = PyLong_Check(value) && !PyBool_Check(value);
    switch (canonical_type_num(PyArray_DESCR(out))) {
        case NPY_FLOAT32: return !PyBool_Check(value) && store_float<float>(out, value);
        case NPY_FLOAT64: return !PyBool_Check(value) && store_float<double>(out, value);
        case NPY_INT8: return whole && store_int<int8_t>(out, value);
        case NPY_INT16: return whole && store_int<int16_t>(out, value);
        case NPY_INT32: return whole && store_int<int32_t>(out, value);
        case NPY_INT64: return whole && store_int<int64_t>(out, value);
        case NPY_UINT8: return whole && store_int<uint8_t>(out, value);
        case NPY_UINT16: return whole && store_int<uint16_t>(out, value);
        case NPY_UINT32: return whole && store_int<uint32_t>(out, value);
        case NPY_UINT64: return whole && store_int<uint64_t>(out, value);
        case NPY_BOOL: return PyBool_Check(value) && (store(out, value == Py_True), true);
        default: return false;
    }
}

bool is_number(PyObject* value) {
    return PyFloat_CheckExact(value) || PyLong_CheckExact(value) || PyBool_Check(value);
}

// The number as a 0-d array of the dtype of `like`; null, perhaps with an error set, if it has no
// such value.
Ref number_like(PyObject* value, PyArrayObject* like) {
    PyArray_Descr* dtype = PyArray_DESCR(like);
    Py_INCREF(dtype);
    Ref out(PyArray_NewFromDescr(&PyArray_Type, dtype, 0, nullptr, nullptr, nullptr, 0, nullptr));
    if (out && !store_number(out.array(), value)) return Ref();
    return out;
}

// One has no axes, or both have as many, each of equal sizes or 1.
bool broadcast_is_plain(PyArrayObject* x, PyArrayObject* y) {
    int ndim = PyArray_NDIM(x);
    if (ndim == 0 || PyArray_NDIM(y) == 0) return true;
    if (ndim != PyArray_NDIM(y)) return false;
    for (int d = 0; d < ndim; ++d) {
        npy_intp m = PyArray_DIM(x, d), n = PyArray_DIM(y, d);
        if (m != n && m != 1 && n != 1) return false;
    }
    return true;
}

// The ufunc's result as an array, or NotImplemented where NumPy's dtype rule is not ours.
PyObject* wrap_result(Ref result, PyArrayObject* x, bool weak) {
    if (!result) return nullptr;
    if (!PyArray_Check(result.get()) && !PyArray_IsScalar(result.get(), Generic))
        Py_RETURN_NOTIMPLEMENTED;
    Ref npy(to_ndarray(result.get()));
    if (!npy) return nullptr;
    bool same = PyArray_TYPE(npy.array()) == PyArray_TYPE(x);
    if (!same && PyArray_TYPE(npy.array()) != NPY_BOOL) Py_RETURN_NOTIMPLEMENTED;
    return array_wrap(ndarray(npy.release()), weak && same);
}

PyObject* call(PyObject* ufunc, PyArrayObject* x, PyArrayObject* y, PyArrayObject* like,
               bool weak) {
    // One slot in front is free for the callee to use.
    PyObject* stack[] = {nullptr, object(x), y ? object(y) : nullptr};
    size_t nargs = (y ? 2 : 1) | PY_VECTORCALL_ARGUMENTS_OFFSET;
    Ref result;
    {
        Quiet quiet;
        if (!quiet) return nullptr;
        result = Ref(PyObject_Vectorcall(ufunc, stack + 1, nargs, nullptr));
    }
    return wrap_result(std::move(result), like, weak);
}

PyObject* with_number(PyObject* ufunc, ArrayImpl* array, PyObject* number, bool number_first) {
    PyArrayObject* npy = array_npy(array);
    if (!npy) return nullptr;
    Ref other = number_like(number, npy);
    if (!other) {
        if (PyErr_Occurred()) return nullptr;
        Py_RETURN_NOTIMPLEMENTED;
    }
    PyArrayObject* x = number_first ? other.array() : npy;
    PyArrayObject* y = number_first ? npy : other.array();
    return call(ufunc, x, y, npy, array->weak);
}

PyObject* with_array(PyObject* ufunc, ArrayImpl* a, ArrayImpl* b) {
    // What waits for one may let other threads delete the other.
    if (!array_npy(a) || !array_npy(b)) return nullptr;
    PyArrayObject *x = array_npy(a), *y = array_npy(b);
    if (!x || !y) return nullptr;
    if (PyArray_TYPE(x) != PyArray_TYPE(y) || !broadcast_is_plain(x, y)) Py_RETURN_NOTIMPLEMENTED;
    return call(ufunc, x, y, x, a->weak && b->weak);
}

PyObject* binary(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    if (nargs != 3) {
        PyErr_SetString(PyExc_TypeError, "binary(ufunc, x, y): takes 3 arguments");
        return nullptr;
    }
    return eager_binary(args[0], args[1], args[2]);
}

PyObject* unary(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "unary(ufunc, x): takes 2 arguments");
        return nullptr;
    }
    if (!on_host() || !is_array(args[1])) Py_RETURN_NOTIMPLEMENTED;
    PyArrayObject* x = array_npy(as_array(args[1]));
    return x ? call(args[0], x, nullptr, x, as_array(args[1])->weak) : nullptr;
}

PyObject* call_quiet(PyObject*, PyObject* const* args, Py_ssize_t nargs, PyObject* names) {
    if (nargs < 1) {
        PyErr_SetString(PyExc_TypeError, "call_quiet(function, *args, **kwargs): no function");
        return nullptr;
    }
    Quiet quiet;
    if (!quiet) return nullptr;
    return PyObject_Vectorcall(args[0], args + 1, static_cast<size_t>(nargs - 1), names);
}

}  // namespace

PyObject* eager_binary(PyObject* ufunc, PyObject* x, PyObject* y) {
    if (!on_host()) Py_RETURN_NOTIMPLEMENTED;
    if (is_array(x) && is_array(y)) return with_array(ufunc, as_array(x), as_array(y));
    if (is_array(x) && is_number(y)) return with_number(ufunc, as_array(x), y, false);
    if (is_array(y) && is_number(x)) return with_number(ufunc, as_array(y), x, true);
    Py_RETURN_NOTIMPLEMENTED;
}

Quiet::Quiet() {
    auto& contexts = idle_contexts();
    if (contexts.empty()) {
        context_ = make_context();
        return;
    }
    context_ = contexts.back();
    contexts.pop_back();
    PyContext_Enter(context_);
}

Quiet::~Quiet() {
    if (!context_) return;
    PyContext_Exit(context_);
    idle_contexts().push_back(context_);
}

PyMethodDef eager_methods[] = {
    {"binary", method(binary), METH_FASTCALL,
     "binary(ufunc, x, y): the result, or NotImplemented where the general path must decide."},
    {"unary", method(unary), METH_FASTCALL,
     "unary(ufunc, x): the result, or NotImplemented where the general path must decide."},
    {"call_quiet", method(call_quiet), METH_FASTCALL | METH_KEYWORDS,
     "call_quiet(function, *args, **kwargs): a call of NumPy without its warnings."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
