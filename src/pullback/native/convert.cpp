// An array as something else: an ndarray, a buffer, a Python number, a pickle.
#include <cstring>

#include "array.h"
#include "flight.h"

namespace pullback {
namespace {

Ref read_only_view(PyArrayObject* npy) {
    Ref view(PyArray_View(npy, nullptr, &PyArray_Type));
    if (view) PyArray_CLEARFLAGS(view.array(), NPY_ARRAY_WRITEABLE);
    return view;
}

PyObject* to_array(PyObject* self, PyObject* args, PyObject* kwargs) {
    static const char* names[] = {"dtype", "copy", nullptr};
    PyArray_Descr* dtype = nullptr;
    PyObject* copy = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O&O", const_cast<char**>(names),
                                     PyArray_DescrConverter2, &dtype, &copy))
        return nullptr;
    Ref wanted(reinterpret_cast<PyObject*>(dtype));
    PyArrayObject* npy = array_npy(as_array(self));
    int must_copy = copy == Py_None ? 0 : PyObject_IsTrue(copy);
    if (!npy || must_copy < 0) return nullptr;
    if (!dtype || PyArray_EquivTypes(dtype, PyArray_DESCR(npy)))
        return must_copy ? PyArray_NewCopy(npy, NPY_KEEPORDER) : read_only_view(npy).release();
    if (copy != Py_None && !must_copy) {
        PyErr_Format(PyExc_ValueError, "__array__: copy=False, but a copy is needed for %S to %S",
                     PyArray_DESCR(npy), dtype);
        return nullptr;
    }
    return PyArray_CastToType(npy, reinterpret_cast<PyArray_Descr*>(wanted.release()), 0);
}

// The one element of an array of size 1 as a Python number.
PyObject* only_item(ArrayImpl* array) {
    if (array->holds_scalar) {
        const char* data = array->scalar;
        switch (array->type->type_num) {
            case NPY_FLOAT32: return PyFloat_FromDouble(*reinterpret_cast<const float*>(data));
            case NPY_FLOAT64: return PyFloat_FromDouble(*reinterpret_cast<const double*>(data));
            case NPY_BOOL: return PyBool_FromLong(*data);
            default: break;
        }
    }
    PyArrayObject* npy = array_npy(array);
    return npy ? PyArray_GETITEM(npy, static_cast<char*>(PyArray_DATA(npy))) : nullptr;
}

Ref scalar_item(PyObject* self) {
    ArrayType* type = array_type(as_array(self));
    if (!type) return Ref();
    if (type->ndim == 0) return Ref(only_item(as_array(self)));
    PyErr_Format(PyExc_TypeError,
                 "Only scalar arrays can be converted to Python scalars; got arr.ndim=%d",
                 type->ndim);
    return Ref();
}

PyObject* item(PyObject* self, PyObject* const* args, Py_ssize_t nargs) {
    ArrayType* type = array_type(as_array(self));
    if (!type) return nullptr;
    if (nargs == 0 && type->size == 1) return only_item(as_array(self));
    PyArrayObject* npy = array_npy(as_array(self));
    if (!npy) return nullptr;
    Ref method(PyObject_GetAttrString(object(npy), "item"));
    return method ? PyObject_Vectorcall(method.get(), args, static_cast<size_t>(nargs), nullptr)
                  : nullptr;
}

PyObject* tolist(PyObject* self, PyObject*) {
    PyArrayObject* npy = array_npy(as_array(self));
    return npy ? PyArray_ToList(npy) : nullptr;
}

PyObject* to_complex(PyObject* self, PyObject*) {
    Ref value = scalar_item(self);
    if (!value) return nullptr;
    return PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyComplex_Type), value.get());
}

PyObject* is_deleted(PyObject* self, PyObject*) {
    return PyBool_FromLong(as_array(self)->deleted);
}

PyObject* delete_(PyObject* self, PyObject*) {
    return array_delete(as_array(self)) ? Py_NewRef(Py_None) : nullptr;
}

PyObject* block_until_ready(PyObject* self, PyObject*) {
    ArrayImpl* array = as_array(self);
    if (array->deleted) return array_deleted_error(array), nullptr;
    return array->in_flight && !array_land(array) ? nullptr : Py_NewRef(self);
}

PyObject* is_ready(PyObject* self, PyObject*) {
    ArrayImpl* array = as_array(self);
    if (array->deleted) return array_deleted_error(array), nullptr;
    return PyBool_FromLong(!array->in_flight || array->ahead.flight->done());
}

PyObject* copy_to_host_async(PyObject* self, PyObject*) {
    if (as_array(self)->deleted) return array_deleted_error(as_array(self)), nullptr;
    Py_RETURN_NONE;
}

PyObject* copy(PyObject* self, PyObject*) {
    PyArrayObject* npy = array_npy(as_array(self));
    PyObject* copied = npy ? PyArray_NewCopy(npy, NPY_CORDER) : nullptr;
    return copied ? array_wrap(ndarray(copied), as_array(self)->weak) : nullptr;
}

PyObject* reduce(PyObject* self, PyObject*) {
    PyArrayObject* npy = array_npy(as_array(self));
    if (!npy) return nullptr;
    PyObject* weak = as_array(self)->weak ? Py_True : Py_False;
    return Py_BuildValue("O(OO)", array_impl_type, npy, weak);
}

}  // namespace

PyMethodDef array_methods[] = {
    {"__array__", method(to_array), METH_VARARGS | METH_KEYWORDS, "A read-only ndarray."},
    {"__complex__", to_complex, METH_NOARGS, "The value of a 0-d array."},
    {"__copy__", copy, METH_NOARGS, "A copy with memory of its own."},
    {"__deepcopy__", copy, METH_O, "A copy with memory of its own."},
    {"__reduce__", reduce, METH_NOARGS, "What pickle stores."},
    {"item", method(item), METH_FASTCALL, "One element as a Python number.\n\n"
     ">>> pnp.array([1, 2]).item(1)\n2"},
    {"tolist", tolist, METH_NOARGS, "Nested lists of Python numbers.\n\n"
     ">>> pnp.array([[1, 2], [3, 4]]).tolist()\n[[1, 2], [3, 4]]"},
    {"is_deleted", is_deleted, METH_NOARGS, "Whether the array was deleted or donated.\n\n"
     ">>> pnp.zeros(2).is_deleted()\nFalse"},
    {"delete", delete_, METH_NOARGS, "Gives the memory up; any later use is an error.\n\n"
     ">>> x = pnp.zeros(2)\n>>> x.delete()\n>>> x.is_deleted()\nTrue"},
    {"block_until_ready", block_until_ready, METH_NOARGS, "The array itself, once it is computed.\n\n"
     ">>> pb.jit(pnp.sin)(pnp.zeros(2)).block_until_ready()\nArray([0., 0.], dtype=float32)"},
    {"is_ready", is_ready, METH_NOARGS, "Whether the array has been computed.\n\n"
     ">>> pnp.zeros(2).block_until_ready().is_ready()\nTrue"},
    {"copy_to_host_async", copy_to_host_async, METH_NOARGS, "Nothing: the array is on the host.\n\n"
     ">>> pnp.zeros(2).copy_to_host_async()"},
    {nullptr, nullptr, 0, nullptr},
};

// Dtypes that Python's buffers have no letter for.
static int no_buffer(PyArrayObject* npy) {
    if (PyErr_ExceptionMatches(PyExc_ValueError))
        PyErr_Format(PyExc_BufferError, "buffers cannot hold %S: write numpy.asarray(x)",
                     PyArray_DESCR(npy));
    return -1;
}

int array_get_buffer(PyObject* self, Py_buffer* view, int flags) {
    view->obj = nullptr;
    if (flags & PyBUF_WRITABLE) {
        PyErr_SetString(PyExc_BufferError, "arrays are immutable: no writable buffer of one");
        return -1;
    }
    PyArrayObject* npy = array_npy(as_array(self));
    // NumPy clears the error and asks for __array__ then.
    if (!npy) return array_owe(as_array(self)), -1;
    if (PyObject_GetBuffer(object(npy), view, flags) < 0) return no_buffer(npy);
    view->readonly = 1;
    return 0;
}

int array_bool(PyObject* self) {
    ArrayType* type = array_type(as_array(self));
    if (!type) return -1;
    if (type->size != 1) {
        PyErr_SetString(PyExc_ValueError,
                        type->size ? "The truth value of an array with more than one element is "
                                     "ambiguous. Use a.any() or a.all()"
                                   : "The truth value of an empty array is ambiguous. Use "
                                     "`array.size > 0` to check that an array is not empty.");
        return -1;
    }
    Ref value(only_item(as_array(self)));
    if (!value) return -1;
    if (!PyTuple_Check(value.get())) return PyObject_IsTrue(value.get());
    PyErr_SetString(PyExc_TypeError, "an array of random keys cannot be converted to bool");
    return -1;
}

PyObject* array_int(PyObject* self) {
    Ref value = scalar_item(self);
    return value ? PyNumber_Long(value.get()) : nullptr;
}

PyObject* array_float(PyObject* self) {
    Ref value = scalar_item(self);
    return value ? PyNumber_Float(value.get()) : nullptr;
}

PyObject* array_index(PyObject* self) {
    ArrayType* type = array_type(as_array(self));
    if (!type) return nullptr;
    if (type->ndim == 0 && PyTypeNum_ISINTEGER(type->type_num)) {
        Ref value(only_item(as_array(self)));
        return value ? PyNumber_Index(value.get()) : nullptr;
    }
    PyErr_SetString(PyExc_TypeError,
                    "Only integer scalar arrays can be converted to a scalar index.");
    return nullptr;
}

}  // namespace pullback
