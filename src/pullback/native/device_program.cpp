#include "device_program.h"

#include "array.h"
#include "native.h"

namespace nb = nanobind;

namespace pullback {

DeviceProgram::~DeviceProgram() {
    clear();
    for (ArrayType* type : outs) type_drop(type);
}

void DeviceProgram::clear() {
    Py_CLEAR(execute);
    Py_CLEAR(put);
    for (auto* objects : {&consts, &places, &out_places})
        for (PyObject*& object : *objects) Py_CLEAR(object);
}

int DeviceProgram::traverse(visitproc visit, void* arg) const {
    Py_VISIT(execute);
    Py_VISIT(put);
    for (auto* objects : {&consts, &places, &out_places})
        for (PyObject* object : *objects) Py_VISIT(object);
    return builder.traverse(visit, arg);
}

namespace {

// The leaf, or a copy where others may write to its memory: the runtime may read it later.
PyObject* unshared(PyObject* leaf) {
    if (!is_array(leaf) || !as_array(leaf)->borrows) return Py_NewRef(leaf);
    PyArrayObject* npy = array_npy(as_array(leaf));
    PyObject* copied = npy ? PyArray_NewCopy(npy, NPY_CORDER) : nullptr;
    return copied ? array_wrap(ndarray(copied), as_array(leaf)->weak) : nullptr;
}

}  // namespace

// The operands of the runtime's program, as a new list.
PyObject* DeviceProgram::buffers(PyObject* const* leaves) const {
    Ref list(PyList_New(static_cast<Py_ssize_t>(kept.size() + consts.size())));
    if (!list) return nullptr;
    Py_ssize_t at = 0;
    for (size_t k = 0; k < kept.size(); ++k) {
        Ref leaf(unshared(leaves[kept[k]]));
        if (!leaf) return nullptr;
        bool here = is_device_array(leaf.get()) && as_device_array(leaf.get())->device == places[k];
        PyObject* pair[] = {leaf.get(), places[k]};
        PyObject* buffer = here ? Py_XNewRef(device_array_buffer(as_device_array(leaf.get())))
                                : PyObject_Vectorcall(put, pair, 2, nullptr);
        if (!buffer) return nullptr;
        PyList_SET_ITEM(list.get(), at++, buffer);
    }
    for (PyObject* constant : consts) PyList_SET_ITEM(list.get(), at++, Py_NewRef(constant));
    return list.release();
}

bool DeviceProgram::commits(PyObject* const* leaves) const {
    if (committed) return true;
    for (size_t i = 0; i < num_args; ++i)
        if (is_device_array(leaves[i]) && as_device_array(leaves[i])->committed) return true;
    return false;
}

bool DeviceProgram::run(PyObject* const* leaves, PyObject** results) const {
    Ref list(buffers(leaves));
    if (!list) return false;
    Ref made(PyObject_CallOneArg(execute, list.get()));
    if (!made) return false;
    if (!PyList_CheckExact(made.get()) ||
        PyList_GET_SIZE(made.get()) != static_cast<Py_ssize_t>(outs.size())) {
        PyErr_Format(PyExc_TypeError, "DeviceProgram: wants a list of %zu buffers, got %R",
                     outs.size(), made.get());
        return false;
    }
    bool commit = commits(leaves);
    for (size_t leaf : donated)
        if (is_device_array(leaves[leaf])) Py_CLEAR(as_device_array(leaves[leaf])->buffer);
    for (size_t i = 0; i < outs.size(); ++i) {
        PyObject* buffer = Py_NewRef(PyList_GET_ITEM(made.get(), static_cast<Py_ssize_t>(i)));
        results[i] = device_array_make(buffer, outs[i], out_places[i], commit);
        if (results[i]) continue;
        while (i > 0) Py_CLEAR(results[--i]);
        return false;
    }
    return true;
}

PyObject* DeviceProgram::call(PyObject* const* leaves) const {
    PyObject* few[16];
    std::vector<PyObject*> many(outs.size() > std::size(few) ? outs.size() : 0);
    PyObject** results = many.empty() ? few : many.data();
    return run(leaves, results) ? builder.build(results) : nullptr;
}

namespace {

void require(bool done) {
    if (!done) nb::raise_python_error();
}

// (dtype, shape, weak)
ArrayType* read_type(nb::handle entry) {
    npy_intp dims[NPY_MAXDIMS];
    int ndim;
    nb::object dtype = entry[0], shape = entry[1];
    if (!PyArray_DescrCheck(dtype.ptr())) throw nb::type_error("DeviceProgram: a result has no dtype");
    require(as_dims(shape.ptr(), "DeviceProgram: a result's shape", dims, &ndim));
    bool weak = nb::cast<bool>(nb::object(entry[2]));
    ArrayType* type = type_make(reinterpret_cast<PyArray_Descr*>(dtype.ptr()), ndim, dims, weak);
    require(type);
    return type;
}

size_t read_leaf(nb::handle index, size_t num_args) {
    auto leaf = nb::cast<size_t>(index);
    if (leaf >= num_args) throw nb::value_error("DeviceProgram: there is no such leaf");
    return leaf;
}

// One place for each of n arrays.
std::vector<PyObject*> read_places(nb::object places, size_t n, const char* what) {
    std::vector<PyObject*> made;
    for (nb::handle place : places) made.push_back(Py_NewRef(place.ptr()));
    if (made.size() == n) return made;
    for (PyObject* place : made) Py_DECREF(place);
    throw nb::value_error(what);
}

void init(DeviceProgram* self, nb::object execute, nb::object put, nb::object places,
          nb::object out_places, size_t num_args, nb::object kept, nb::object consts,
          nb::object outs, nb::object donated, nb::object out_tree, bool committed) {
    new (self) DeviceProgram();
    self->num_args = num_args;
    self->committed = committed;
    for (nb::handle leaf : kept) self->kept.push_back(read_leaf(leaf, num_args));
    for (nb::handle leaf : donated) self->donated.push_back(read_leaf(leaf, num_args));
    for (nb::handle entry : outs) self->outs.push_back(read_type(entry));
    for (nb::handle constant : consts) self->consts.push_back(Py_NewRef(constant.ptr()));
    self->places = read_places(places, self->kept.size(), "DeviceProgram: a place for each leaf");
    self->out_places =
        read_places(out_places, self->outs.size(), "DeviceProgram: a place for each result");
    self->execute = execute.release().ptr();
    self->put = put.release().ptr();
    require(self->builder.read(out_tree.ptr(), static_cast<Py_ssize_t>(self->outs.size())));
}

nb::list call_flat(const DeviceProgram& self, nb::object leaves) {
    nb::object fast = nb::steal(PySequence_Fast(leaves.ptr(), "DeviceProgram: wants a sequence"));
    require(fast.is_valid());
    auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(fast.ptr()));
    if (n != self.num_args) {
        PyErr_Format(PyExc_TypeError, "DeviceProgram: wants %zu arrays, got %zu", self.num_args, n);
        nb::raise_python_error();
    }
    std::vector<PyObject*> made(self.outs.size());
    require(self.run(PySequence_Fast_ITEMS(fast.ptr()), made.data()));
    nb::list results = nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(made.size())));
    for (size_t i = 0; i < made.size(); ++i)
        PyList_SET_ITEM(results.ptr(), static_cast<Py_ssize_t>(i), made[i]);
    return results;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return nb::inst_ready(self) ? nb::inst_ptr<DeviceProgram>(self)->traverse(visit, arg) : 0;
}

int clear(PyObject* self) {
    nb::inst_ptr<DeviceProgram>(self)->clear();
    return 0;
}

PyType_Slot collected[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                           {Py_tp_clear, reinterpret_cast<void*>(clear)},
                           {0, nullptr}};

}  // namespace

void add_device_program(nb::module_& m) {
    nb::class_<DeviceProgram>(m, "DeviceProgram", nb::type_slots(collected),
                              nb::is_weak_referenceable())
        .def("__init__", init, nb::arg("execute"), nb::arg("put"), nb::arg("places"),
             nb::arg("out_places"), nb::arg("num_args"), nb::arg("kept"), nb::arg("consts"),
             nb::arg("outs"), nb::arg("donated"), nb::arg("out_tree").none(), nb::arg("committed"))
        .def("__call__", call_flat, nb::arg("leaves"));
}

}  // namespace pullback
