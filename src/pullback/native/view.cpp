// Views of ndarrays for the structural operations: new shape and strides, the same memory.
#include "view.h"

namespace pullback {
namespace {

// A read-only array over the memory of `base`.
PyObject* make_view(PyArrayObject* base, int ndim, const npy_intp* dims, const npy_intp* strides,
                    char* data) {
    PyArray_Descr* dtype = PyArray_DESCR(base);
    Py_INCREF(dtype);
    Ref view(PyArray_NewFromDescr(&PyArray_Type, dtype, ndim, dims, strides, data, 0, nullptr));
    if (!view) return nullptr;
    Py_INCREF(base);
    if (PyArray_SetBaseObject(view.array(), object(base)) < 0) return nullptr;
    return view.release();
}

bool check(PyObject* const* args, Py_ssize_t nargs, Py_ssize_t wanted, const char* name) {
    if (nargs == wanted && PyArray_Check(args[0])) return true;
    PyErr_Format(PyExc_TypeError, "%s: wants an ndarray and %zd sequences of ints", name,
                 wanted - 1);
    return false;
}

bool refuse(const char* message) {
    PyErr_SetString(PyExc_ValueError, message);
    return false;
}

bool broadcast_strides(PyArrayObject* x, int ndim, const npy_intp* shape, int mapped,
                       const npy_intp* dims, npy_intp* strides) {
    if (mapped != PyArray_NDIM(x))
        return refuse("broadcast_in_dim: dims must name an axis for each axis of the array");
    for (int i = 0; i < ndim; ++i) strides[i] = 0;
    for (int i = 0; i < mapped; ++i) {
        if (dims[i] < 0 || dims[i] >= ndim || (i > 0 && dims[i] <= dims[i - 1]))
            return refuse("broadcast_in_dim: dims must increase and lie inside the shape");
        npy_intp size = PyArray_DIM(x, i);
        if (size != 1 && size != shape[dims[i]])
            return refuse("broadcast_in_dim: an axis's size is neither 1 nor that of the result");
        if (size != 1) strides[dims[i]] = PyArray_STRIDE(x, i);
    }
    return true;
}

PyObject* broadcast_in_dim(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    npy_intp shape[NPY_MAXDIMS], dims[NPY_MAXDIMS], strides[NPY_MAXDIMS];
    int ndim, mapped;
    if (!check(args, nargs, 3, "broadcast_in_dim") ||
        !as_dims(args[1], "broadcast_in_dim: the shape", shape, &ndim) ||
        !as_dims(args[2], "broadcast_in_dim: dims", dims, &mapped))
        return nullptr;
    PyArrayObject* x = ndarray(args[0]);
    if (!broadcast_strides(x, ndim, shape, mapped, dims, strides)) return nullptr;
    return make_view(x, ndim, shape, strides, PyArray_BYTES(x));
}

PyObject* transpose(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    npy_intp perm[NPY_MAXDIMS], shape[NPY_MAXDIMS], strides[NPY_MAXDIMS];
    int ndim;
    if (!check(args, nargs, 2, "transpose") || !as_dims(args[1], "transpose: perm", perm, &ndim))
        return nullptr;
    PyArrayObject* x = ndarray(args[0]);
    bool seen[NPY_MAXDIMS] = {};
    bool valid = ndim == PyArray_NDIM(x);
    for (int i = 0; valid && i < ndim; ++i) {
        valid = perm[i] >= 0 && perm[i] < ndim && !seen[perm[i]];
        if (!valid) break;
        seen[perm[i]] = true;
        shape[i] = PyArray_DIM(x, static_cast<int>(perm[i]));
        strides[i] = PyArray_STRIDE(x, static_cast<int>(perm[i]));
    }
    if (!valid && !refuse("transpose: perm is not a permutation of the axes")) return nullptr;
    return make_view(x, ndim, shape, strides, PyArray_BYTES(x));
}

PyObject* slice(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    npy_intp start[NPY_MAXDIMS], stop[NPY_MAXDIMS], step[NPY_MAXDIMS];
    npy_intp shape[NPY_MAXDIMS], strides[NPY_MAXDIMS];
    int starts, stops, steps;
    if (!check(args, nargs, 4, "slice") || !as_dims(args[1], "slice: start", start, &starts) ||
        !as_dims(args[2], "slice: stop", stop, &stops) ||
        !as_dims(args[3], "slice: step", step, &steps))
        return nullptr;
    PyArrayObject* x = ndarray(args[0]);
    int ndim = PyArray_NDIM(x);
    bool valid = starts == ndim && stops == ndim && steps == ndim;
    char* data = PyArray_BYTES(x);
    for (int i = 0; valid && i < ndim; ++i) {
        valid = 0 <= start[i] && start[i] <= stop[i] && stop[i] <= PyArray_DIM(x, i) && step[i] > 0;
        if (!valid) break;
        shape[i] = (stop[i] - start[i] + step[i] - 1) / step[i];
        strides[i] = PyArray_STRIDE(x, i) * step[i];
        data += PyArray_STRIDE(x, i) * start[i];
    }
    if (!valid && !refuse("slice: wants 0 <= start <= stop <= size and step > 0 for each axis"))
        return nullptr;
    return make_view(x, ndim, shape, strides, data);
}

PyObject* expand(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    npy_intp shape[NPY_MAXDIMS];
    int ndim;
    if (!check(args, nargs, 2, "expand") || !as_dims(args[1], "expand: the shape", shape, &ndim))
        return nullptr;
    PyArray_Dims dims = {shape, ndim};
    return PyArray_Newshape(ndarray(args[0]), &dims, NPY_CORDER);
}

}  // namespace

PyMethodDef view_methods[] = {
    {"broadcast_in_dim", method(broadcast_in_dim), METH_FASTCALL,
     "broadcast_in_dim(x, shape, dims): axis i of x becomes axis dims[i] of the result."},
    {"transpose", method(transpose), METH_FASTCALL, "transpose(x, perm): a view, axes permuted."},
    {"slice", method(slice), METH_FASTCALL, "slice(x, start, stop, step): a view of each axis."},
    {"expand", method(expand), METH_FASTCALL, "expand(x, shape): reshaped, a view if it can be."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
