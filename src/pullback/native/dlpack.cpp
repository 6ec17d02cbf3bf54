// Arrays as DLPack capsules and capsules as arrays, both without a copy. Which dtype has which
// code is told from Python.
#include "dlpack.h"

#include <memory>
#include <vector>

#include "array.h"

namespace pullback {
namespace {

constexpr const char* kName = "dltensor";
constexpr const char* kUsed = "used_dltensor";
constexpr const char* kVersionedName = "dltensor_versioned";
constexpr const char* kVersionedUsed = "used_dltensor_versioned";
constexpr int32_t kHost = 1;

// Producing: the tensor's memory is that of an ndarray, which lives as long as the tensor.

template <typename Form>
struct Export {
    Form form{};
    PyObject* npy = nullptr;
    std::vector<int64_t> shape, strides;
};

template <typename Form>
void release(Form* form) {
    auto* made = static_cast<Export<Form>*>(form->context);
    // At the end of the interpreter nobody may be asked to free the array any more.
    if (Py_IsInitialized()) {
        PyGILState_STATE state = PyGILState_Ensure();
        Py_DECREF(made->npy);
        PyGILState_Release(state);
    }
    delete made;
}

template <typename Form>
void destroy(PyObject* capsule, const char* name) {
    // A consumer that took the tensor renamed its capsule.
    if (!PyCapsule_IsValid(capsule, name)) return;
    auto* form = static_cast<Form*>(PyCapsule_GetPointer(capsule, name));
    if (form->deleter) form->deleter(form);
}

void destroy_managed(PyObject* capsule) { destroy<dl::Managed>(capsule, kName); }
void destroy_versioned(PyObject* capsule) { destroy<dl::Versioned>(capsule, kVersionedName); }

template <typename Form>
std::unique_ptr<Export<Form>> exported(PyArrayObject* npy, dl::DataType dtype) {
    auto made = std::make_unique<Export<Form>>();
    int ndim = PyArray_NDIM(npy);
    npy_intp size = PyArray_ITEMSIZE(npy);
    for (int i = 0; i < ndim; ++i) {
        made->shape.push_back(PyArray_DIM(npy, i));
        made->strides.push_back(PyArray_STRIDE(npy, i) / size);
    }
    made->form.tensor = {PyArray_DATA(npy), {kHost, 0}, ndim, dtype, made->shape.data(),
                         made->strides.data(), 0};
    made->form.context = made.get();
    made->form.deleter = release<Form>;
    made->npy = Py_NewRef(object(npy));
    return made;
}

template <typename Form>
PyObject* capsule_of(std::unique_ptr<Export<Form>> made, const char* name,
                     PyCapsule_Destructor destructor) {
    PyObject* capsule = PyCapsule_New(&made->form, name, destructor);
    if (!capsule) {
        Py_DECREF(made->npy);
        return nullptr;
    }
    made.release();
    return capsule;
}

PyObject* to_dlpack(PyObject*, PyObject* args) {
    PyObject* value;
    int code, bits, versioned;
    unsigned long long flags;
    if (!PyArg_ParseTuple(args, "O!iipK:to_dlpack", &PyArray_Type, &value, &code, &bits, &versioned,
                          &flags))
        return nullptr;
    dl::DataType dtype = {static_cast<uint8_t>(code), static_cast<uint8_t>(bits), 1};
    if (!versioned)
        return capsule_of(exported<dl::Managed>(ndarray(value), dtype), kName, destroy_managed);
    auto made = exported<dl::Versioned>(ndarray(value), dtype);
    made->form.version = {1, 0};
    made->form.flags = flags;
    return capsule_of(std::move(made), kVersionedName, destroy_versioned);
}

// Consuming.

struct Given {
    const dl::Tensor* tensor = nullptr;
    dl::Version version{0, 0};
    uint64_t flags = 0;
};

// The tensor in a capsule that nobody has taken yet; null with an error set otherwise.
Given read(PyObject* capsule) {
    Given given;
    if (PyCapsule_IsValid(capsule, kVersionedName)) {
        auto* form = static_cast<dl::Versioned*>(PyCapsule_GetPointer(capsule, kVersionedName));
        given.version = form->version;
        // What follows the version may be laid out otherwise in later versions.
        if (form->version.major > 1) {
            PyErr_Format(PyExc_BufferError, "from_dlpack: DLPack %u.%u is not known, 1.x is",
                         form->version.major, form->version.minor);
            return given;
        }
        given.flags = form->flags;
        given.tensor = &form->tensor;
    } else if (PyCapsule_IsValid(capsule, kName)) {
        given.tensor = &static_cast<dl::Managed*>(PyCapsule_GetPointer(capsule, kName))->tensor;
    } else {
        PyErr_SetString(PyExc_ValueError,
                        "from_dlpack: __dlpack__() must give a DLPack capsule that was not used yet");
    }
    return given;
}

PyObject* dlpack_header(PyObject*, PyObject* capsule) {
    Given given = read(capsule);
    if (!given.tensor) return nullptr;
    const dl::Tensor& t = *given.tensor;
    return Py_BuildValue("iiiiiK", t.dtype.code, t.dtype.bits, t.dtype.lanes, t.device.type,
                         t.device.id, static_cast<unsigned long long>(given.flags));
}

template <typename Form>
void drop(PyObject* owner) {
    auto* form = static_cast<Form*>(PyCapsule_GetPointer(owner, nullptr));
    if (form && form->deleter) form->deleter(form);
}

// The capsule is used up: what is returned gives the tensor back when it is freed.
template <typename Form>
PyObject* take_form(PyObject* capsule, const char* name, const char* used) {
    void* form = PyCapsule_GetPointer(capsule, name);
    if (!form) return nullptr;
    PyObject* owner = PyCapsule_New(form, nullptr, drop<Form>);
    if (owner) PyCapsule_SetName(capsule, used);
    return owner;
}

PyObject* take(PyObject* capsule) {
    if (PyCapsule_IsValid(capsule, kVersionedName))
        return take_form<dl::Versioned>(capsule, kVersionedName, kVersionedUsed);
    return take_form<dl::Managed>(capsule, kName, kUsed);
}

// A read-only ndarray over the tensor's memory. Steals `dtype`.
Ref over(const dl::Tensor& tensor, PyArray_Descr* dtype) {
    npy_intp shape[NPY_MAXDIMS], strides[NPY_MAXDIMS];
    npy_intp bytes = PyDataType_ELSIZE(dtype);
    bool empty = false;
    for (int i = 0; i < tensor.ndim; ++i) {
        shape[i] = static_cast<npy_intp>(tensor.shape[i]);
        empty = empty || shape[i] == 0;
        if (tensor.strides) strides[i] = static_cast<npy_intp>(tensor.strides[i]) * bytes;
    }
    char* data = empty ? nullptr : static_cast<char*>(tensor.data) + tensor.byte_offset;
    bool strided = tensor.strides && !empty;
    return Ref(PyArray_NewFromDescr(&PyArray_Type, dtype, tensor.ndim, shape,
                                    strided ? strides : nullptr, data, 0, nullptr));
}

PyObject* from_dlpack(PyObject*, PyObject* args) {
    PyObject* capsule;
    PyArray_Descr* dtype;
    if (!PyArg_ParseTuple(args, "OO&:from_dlpack", &capsule, PyArray_DescrConverter, &dtype))
        return nullptr;
    Ref wanted(reinterpret_cast<PyObject*>(dtype));
    Given given = read(capsule);
    if (!given.tensor) return nullptr;
    if (given.tensor->ndim > NPY_MAXDIMS) {
        PyErr_Format(PyExc_BufferError, "from_dlpack: at most %d axes, got %d", NPY_MAXDIMS,
                     given.tensor->ndim);
        return nullptr;
    }
    Ref npy = over(*given.tensor, reinterpret_cast<PyArray_Descr*>(wanted.release()));
    Ref owner(npy ? take(capsule) : nullptr);
    if (!owner || PyArray_SetBaseObject(npy.array(), owner.release()) < 0) return nullptr;
    PyArray_CLEARFLAGS(npy.array(), NPY_ARRAY_WRITEABLE);
    PyObject* made = array_wrap(ndarray(npy.release()), false);
    if (made) as_array(made)->borrows = true;
    return made;
}

}  // namespace

PyMethodDef dlpack_methods[] = {
    {"to_dlpack", to_dlpack, METH_VARARGS,
     "to_dlpack(npy, code, bits, versioned, flags): a capsule over an ndarray's memory."},
    {"dlpack_header", dlpack_header, METH_O,
     "dlpack_header(capsule): (code, bits, lanes, device type, device id, flags)."},
    {"from_dlpack", from_dlpack, METH_VARARGS,
     "from_dlpack(capsule, dtype): an array over the tensor's memory; the capsule is used up."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
