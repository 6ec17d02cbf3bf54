#include "type.h"

#include <algorithm>
#include <new>
#include <unordered_map>
#include <vector>

namespace pullback {
namespace {

// Beyond this many types those that nothing else holds are dropped.
constexpr size_t kSweepAt = 1 << 15;

std::unordered_multimap<uint64_t, ArrayType*>& table() {
    static auto* types = new std::unordered_multimap<uint64_t, ArrayType*>;
    return *types;
}
size_t sweep_at = kSweepAt;
PyObject* aval_factory = nullptr;

// Structured dtypes that arrays hold too. Their numbers here follow on this one.
constexpr int kOpaque = 1 << 20;
std::vector<PyArray_Descr*>& opaque() {
    static auto* dtypes = new std::vector<PyArray_Descr*>;
    return *dtypes;
}

int opaque_num(PyArray_Descr* dtype) {
    for (size_t i = 0; i < opaque().size(); ++i) {
        PyArray_Descr* known = opaque()[i];
        if (known == dtype || PyArray_EquivTypes(known, dtype)) return kOpaque + static_cast<int>(i);
    }
    return -1;
}

PyArray_Descr* dtype_of_num(int type_num) {
    if (type_num < kOpaque) return PyArray_DescrFromType(type_num);
    PyArray_Descr* dtype = opaque()[static_cast<size_t>(type_num - kOpaque)];
    Py_INCREF(dtype);
    return dtype;
}

uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 29);
}

uint64_t hash_of(int type_num, bool weak, int ndim, const npy_intp* dims) {
    uint64_t hash = mix(static_cast<uint64_t>(type_num) * 2 + weak, static_cast<uint64_t>(ndim));
    for (int i = 0; i < ndim; ++i) hash = mix(hash, static_cast<uint64_t>(dims[i]));
    return hash;
}

void free_type(ArrayType* type) {
    Py_DECREF(type->dtype);
    Py_DECREF(type->shape);
    Py_XDECREF(type->aval);
    PyMem_Free(type);
}

void sweep() {
    for (auto it = table().begin(); it != table().end();) {
        if (it->second->refs > 1) {
            ++it;
            continue;
        }
        ArrayType* type = it->second;
        it = table().erase(it);
        free_type(type);
    }
    sweep_at = 2 * table().size() > kSweepAt ? 2 * table().size() : kSweepAt;
}

PyObject* shape_tuple(int ndim, const npy_intp* dims) {
    Ref shape(PyTuple_New(ndim));
    if (!shape) return nullptr;
    for (int i = 0; i < ndim; ++i) {
        PyObject* size = PyLong_FromSsize_t(dims[i]);
        if (!size) return nullptr;
        PyTuple_SET_ITEM(shape.get(), i, size);
    }
    return shape.release();
}

ArrayType* create(int type_num, bool weak, int ndim, const npy_intp* dims, uint64_t hash) {
    Ref shape(shape_tuple(ndim, dims));
    Ref dtype(reinterpret_cast<PyObject*>(dtype_of_num(type_num)));
    if (!shape || !dtype) return nullptr;
    size_t bytes = sizeof(ArrayType) + sizeof(npy_intp) * static_cast<size_t>(ndim);
    auto* type = static_cast<ArrayType*>(PyMem_Calloc(1, bytes));
    if (!type) return static_cast<ArrayType*>(static_cast<void*>(PyErr_NoMemory()));
    type->refs = 1;
    type->dtype = reinterpret_cast<PyArray_Descr*>(dtype.release());
    type->shape = shape.release();
    type->hash = hash;
    type->ndim = ndim;
    type->type_num = type_num;
    type->weak = weak;
    type->size = 1;
    for (int i = 0; i < ndim; ++i) type->size *= type->dims[i] = dims[i];
    type->nbytes = type->size * PyDataType_ELSIZE(type->dtype);
    return type;
}

ArrayType* intern(int type_num, bool weak, int ndim, const npy_intp* dims) {
    uint64_t hash = hash_of(type_num, weak, ndim, dims);
    auto [begin, end] = table().equal_range(hash);
    for (auto it = begin; it != end; ++it) {
        ArrayType* type = it->second;
        if (type->type_num == type_num && type->weak == weak && type->ndim == ndim &&
            std::equal(dims, dims + ndim, type->dims)) {
            return type_keep(type);
        }
    }
    if (table().size() >= sweep_at) sweep();
    ArrayType* type = create(type_num, weak, ndim, dims, hash);
    if (!type) return nullptr;
    try {
        table().emplace(hash, type);
    } catch (const std::bad_alloc&) {
        free_type(type);
        PyErr_NoMemory();
        return nullptr;
    }
    return type_keep(type);
}

ArrayType* refuse(PyArray_Descr* dtype) {
    PyErr_Format(PyExc_TypeError,
                 "an array holds bools and numbers in the machine's byte order, got dtype %S",
                 dtype);
    return nullptr;
}

}  // namespace

int canonical_type_num(PyArray_Descr* dtype) {
    if (dtype->type_num == NPY_VOID) return opaque_num(dtype);
    if (!PyArray_ISNBO(dtype->byteorder)) return -1;
    switch (dtype->type_num) {
        case NPY_LONG: return sizeof(long) == 8 ? NPY_INT64 : NPY_INT32;
        case NPY_ULONG: return sizeof(long) == 8 ? NPY_UINT64 : NPY_UINT32;
        case NPY_LONGLONG: return NPY_INT64;
        case NPY_ULONGLONG: return NPY_UINT64;
        case NPY_LONGDOUBLE: return -1;
        case NPY_CLONGDOUBLE: return -1;
        default: break;
    }
    bool numeric = PyTypeNum_ISNUMBER(dtype->type_num) || dtype->type_num == NPY_BOOL;
    return numeric || PyTypeNum_ISUSERDEF(dtype->type_num) ? dtype->type_num : -1;
}

ArrayType* type_make(PyArray_Descr* dtype, int ndim, const npy_intp* dims, bool weak) {
    int type_num = canonical_type_num(dtype);
    return type_num < 0 ? refuse(dtype) : intern(type_num, weak, ndim, dims);
}

ArrayType* type_of(PyArrayObject* array, bool weak) {
    return type_make(PyArray_DESCR(array), PyArray_NDIM(array), PyArray_DIMS(array), weak);
}

ArrayType* scalar_type(Scalar kind) {
    static constexpr int type_nums[] = {NPY_BOOL,    NPY_INT32,     NPY_INT64,     NPY_FLOAT32,
                                        NPY_FLOAT64, NPY_COMPLEX64, NPY_COMPLEX128};
    static ArrayType* types[std::size(type_nums)];
    auto index = static_cast<size_t>(kind);
    if (!types[index]) types[index] = intern(type_nums[index], kind != Scalar::Bool, 0, nullptr);
    return types[index];
}

bool add_opaque_dtype(PyObject* dtype) {
    if (!PyArray_DescrCheck(dtype)) {
        PyErr_SetString(PyExc_TypeError, "add_opaque_dtype: wants a dtype");
        return false;
    }
    opaque().push_back(reinterpret_cast<PyArray_Descr*>(Py_NewRef(dtype)));
    return true;
}

void set_aval_factory(PyObject* factory) { Py_XSETREF(aval_factory, Py_NewRef(factory)); }

PyObject* type_aval(ArrayType* type) {
    if (!type->aval) {
        if (!aval_factory) {
            PyErr_SetString(PyExc_RuntimeError, "aval: set_aval_factory was not called");
            return nullptr;
        }
        auto* dtype = reinterpret_cast<PyObject*>(type->dtype);
        PyObject* weak = type->weak ? Py_True : Py_False;
        PyObject* made =
            PyObject_CallFunctionObjArgs(aval_factory, dtype, type->shape, weak, nullptr);
        if (!made) return nullptr;
        Py_XSETREF(type->aval, made);
    }
    return Py_NewRef(type->aval);
}

PyObject* type_text(ArrayType* type) {
    Ref comma(PyUnicode_FromString(","));
    Ref sizes(PyList_New(type->ndim));
    if (!comma || !sizes) return nullptr;
    for (int i = 0; i < type->ndim; ++i) {
        PyObject* size = PyObject_Str(PyTuple_GET_ITEM(type->shape, i));
        if (!size) return nullptr;
        PyList_SET_ITEM(sizes.get(), i, size);
    }
    Ref joined(PyUnicode_Join(comma.get(), sizes.get()));
    if (!joined) return nullptr;
    return PyUnicode_FromFormat("%S[%U]", type->dtype, joined.get());
}

}  // namespace pullback
