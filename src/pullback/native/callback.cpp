#include "callback.h"

#include <cstring>

#include "array.h"
#include "gil.h"
#include "status.h"

namespace pullback {
namespace {

// [(dtype, shape), ...]
std::vector<ArrayType*> read_types(PyObject* pairs) {
    std::vector<ArrayType*> types;
    Ref list(PySequence_Fast(pairs, "Callback: wants a list of (dtype, shape)"));
    if (!list) return types;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
        PyObject *dtype, *shape;
        npy_intp dims[NPY_MAXDIMS];
        int ndim;
        Ref pair(PySequence_Tuple(PySequence_Fast_GET_ITEM(list.get(), i)));
        if (!pair ||
            !PyArg_ParseTuple(pair.get(), "O!O:Callback", &PyArrayDescr_Type, &dtype, &shape) ||
            !as_dims(shape, "Callback: a shape", dims, &ndim))
            return types;
        ArrayType* type = type_make(reinterpret_cast<PyArray_Descr*>(dtype), ndim, dims, false);
        if (!type) return types;
        types.push_back(type);
    }
    return types;
}

}  // namespace

Callback::Callback(PyObject* function, PyObject* ins, PyObject* outs, bool copy)
    : function_(Py_NewRef(function)), ins_(read_types(ins)), copy_(copy) {
    if (!PyErr_Occurred()) outs_ = read_types(outs);
}

Callback::~Callback() {
    Py_XDECREF(function_);
    for (ArrayType* type : ins_) type_drop(type);
    for (ArrayType* type : outs_) type_drop(type);
}

int Callback::traverse(visitproc visit, void* arg) const {
    Py_VISIT(function_);
    return 0;
}

void Callback::clear() { Py_CLEAR(function_); }

PyObject* Callback::argument(ArrayType* type, void* data) const {
    Py_INCREF(type->dtype);
    PyObject* made = PyArray_NewFromDescr(&PyArray_Type, type->dtype, type->ndim, type->dims,
                                          nullptr, copy_ ? nullptr : data, 0, nullptr);
    if (!made) return nullptr;
    if (copy_) std::memcpy(PyArray_DATA(ndarray(made)), data, static_cast<size_t>(type->nbytes));
    PyArray_CLEARFLAGS(ndarray(made), NPY_ARRAY_WRITEABLE);
    return made;
}

bool Callback::copy_out(PyObject* value, size_t index, void* data) const {
    ArrayType* type = outs_[index];
    Ref array(is_array(value) ? Py_XNewRef(object(array_npy(as_array(value))))
                              : PyArray_FromAny(value, nullptr, 0, 0, 0, nullptr));
    if (!array) return false;
    ArrayType* got = type_of(array.array(), false);
    if (!got) return false;
    type_drop(got);
    if (got != type) {
        Ref wanted_text(type_text(type)), got_text(type_text(got));
        if (wanted_text && got_text)
            PyErr_Format(PyExc_TypeError, "callback %R: result %zu is %U where %U was declared",
                         function_, index, got_text.get(), wanted_text.get());
        return false;
    }
    if (PyArray_IS_C_CONTIGUOUS(array.array())) {
        std::memcpy(data, PyArray_DATA(array.array()), static_cast<size_t>(type->nbytes));
        return true;
    }
    Py_INCREF(type->dtype);
    Ref out(PyArray_NewFromDescr(&PyArray_Type, type->dtype, type->ndim, type->dims, nullptr, data,
                                 NPY_ARRAY_CARRAY, nullptr));
    return out && PyArray_CopyInto(out.array(), array.array()) == 0;
}

bool Callback::call(void** ins, void** outs) const {
    Ref args(PyTuple_New(static_cast<Py_ssize_t>(ins_.size())));
    for (size_t i = 0; args && i < ins_.size(); ++i) {
        PyObject* array = argument(ins_[i], ins[i]);
        if (!array) return false;
        PyTuple_SET_ITEM(args.get(), static_cast<Py_ssize_t>(i), array);
    }
    Ref result(args ? PyObject_Call(function_, args.get(), nullptr) : nullptr);
    Ref values(result ? PySequence_Fast(result.get(), "callback: wants a sequence of results")
                      : nullptr);
    if (!values) return false;
    auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(values.get()));
    if (n != outs_.size()) {
        PyErr_Format(PyExc_TypeError, "callback %R: gave %zu results where %zu were declared",
                     function_, n, outs_.size());
        return false;
    }
    for (size_t i = 0; i < n; ++i)
        if (!copy_out(PySequence_Fast_ITEMS(values.get())[i], i, outs[i])) return false;
    return true;
}

// Called by compiled code on the thread that called it, never from the pool: the error stays set
// in the thread's state until the compiled call returns and raises it.
int32_t pb_callback(void* callback, void** ins, void** outs) {
    WithGil gil;
    bool done = !PyErr_Occurred() && static_cast<Callback*>(callback)->call(ins, outs);
    return done ? kDone : kFailed;
}

}  // namespace pullback
