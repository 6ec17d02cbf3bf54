#include "executable.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>

#include "callback.h"
#include "device_program.h"
#include "launch.h"
#include "native.h"

namespace nb = nanobind;

namespace pullback {

Executable::~Executable() {
    clear();
    for (Out& out : outs)
        if (out.type) type_drop(out.type);
}

void Executable::clear() {
    Py_CLEAR(keepalive);
    Py_CLEAR(improve);
    for (PyObject*& constant : consts) Py_CLEAR(constant);
    for (PyObject*& external : keep_externals) Py_CLEAR(external);
}

int Executable::traverse(visitproc visit, void* arg) const {
    Py_VISIT(keepalive);
    Py_VISIT(improve);
    for (PyObject* constant : consts) Py_VISIT(constant);
    for (PyObject* external : keep_externals) Py_VISIT(external);
    return builder.traverse(visit, arg);
}

namespace {

void require(bool done) {
    if (!done) nb::raise_python_error();
}

PyArrayObject* readable(PyObject* constant) {
    PyArrayObject* npy = is_array(constant) ? array_npy(as_array(constant)) : nullptr;
    if (!npy && !PyErr_Occurred()) throw nb::type_error("Executable: a constant is not an ArrayImpl");
    require(npy);
    return ndarray(PyArray_FromArray(npy, nullptr, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED));
}

Executable::Out read_new(nb::handle entry) {
    npy_intp dims[NPY_MAXDIMS];
    int ndim;
    nb::object dtype = entry[1], shape = entry[2];
    if (!PyArray_DescrCheck(dtype.ptr())) throw nb::type_error("Executable: a result has no dtype");
    require(as_dims(shape.ptr(), "Executable: a result's shape", dims, &ndim));
    bool weak = nb::cast<bool>(entry[3]);
    ArrayType* type = type_make(reinterpret_cast<PyArray_Descr*>(dtype.ptr()), ndim, dims, weak);
    require(type);
    return {Executable::Out::New, 0, type, -1, weak};
}

// ("new", dtype, shape, weak) | ("arg", leaf, weak) | ("const", constant, weak)
Executable::Out read_out(nb::handle entry, const Executable& program) {
    auto kind = nb::cast<std::string_view>(nb::object(entry[0]));
    if (kind == "new") return read_new(entry);
    bool arg = kind == "arg";
    if (!arg && kind != "const") throw nb::value_error("Executable: a result of unknown kind");
    auto index = nb::cast<size_t>(nb::object(entry[1]));
    if (index >= (arg ? program.num_args : program.consts.size()))
        throw nb::value_error("Executable: a result forwards what is not there");
    return {arg ? Executable::Out::Arg : Executable::Out::Const, index, nullptr, -1,
            nb::cast<bool>(nb::object(entry[2]))};
}

void read_donation(nb::handle pair, Executable& program) {
    auto leaf = nb::cast<size_t>(nb::object(pair[0]));
    auto out = nb::cast<Py_ssize_t>(nb::object(pair[1]));
    bool known = leaf < program.num_args && out < static_cast<Py_ssize_t>(program.outs.size());
    if (!known) throw nb::value_error("Executable: a donation names what is not there");
    program.donated.push_back(leaf);
    if (out < 0) return;
    auto& target = program.outs[static_cast<size_t>(out)];
    if (target.kind == Executable::Out::New) target.reuse = static_cast<Py_ssize_t>(leaf);
}

// A callback, or the address of anything else.
void* external_address(nb::handle external) {
    if (nb::isinstance<Callback>(external)) return nb::inst_ptr<Callback>(external);
    return reinterpret_cast<void*>(nb::cast<uintptr_t>(external));
}

int64_t whole(double nanoseconds) { return static_cast<int64_t>(std::min(nanoseconds, 1e18)); }

void init(Executable* self, uintptr_t address, nb::object keepalive, size_t num_args,
          nb::object kept, nb::object consts, nb::object outs, size_t scratch_bytes,
          nb::object externals, nb::object donated, nb::object out_tree, bool release_gil,
          double nanoseconds, std::string name) {
    new (self) Executable();
    self->function = reinterpret_cast<Executable::Function>(address);
    self->keepalive = keepalive.release().ptr();
    self->num_args = num_args;
    // From 4 KiB up memory is aligned as generated code expects.
    self->scratch_bytes = scratch_bytes ? std::max<size_t>(scratch_bytes, 4096) : 0;
    self->release_gil = release_gil;
    self->nanoseconds = whole(nanoseconds);
    self->name = std::move(name);
    for (nb::handle leaf : kept) {
        self->kept.push_back(nb::cast<size_t>(leaf));
        if (self->kept.back() >= num_args) throw nb::value_error("Executable: kept has no such leaf");
    }
    for (nb::handle constant : consts) self->consts.push_back(object(readable(constant.ptr())));
    for (nb::handle entry : outs) self->outs.push_back(read_out(entry, *self));
    for (nb::handle pair : donated) read_donation(pair, *self);
    for (nb::handle external : externals) {
        self->externals.push_back(external_address(external));
        self->keep_externals.push_back(Py_NewRef(external.ptr()));
    }
    require(self->builder.read(out_tree.ptr(), static_cast<Py_ssize_t>(self->outs.size())));
}

void improve_after(Executable& self, double nanoseconds, nb::object improve) {
    self.patience = whole(nanoseconds);
    Py_XSETREF(self.improve, improve.release().ptr());
}

nb::list call_flat(const Executable& self, nb::object leaves) {
    nb::object fast = nb::steal(PySequence_Fast(leaves.ptr(), "Executable: wants a sequence"));
    require(fast.is_valid());
    auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(fast.ptr()));
    if (n != self.num_args) {
        PyErr_Format(PyExc_TypeError, "Executable: wants %zu arrays, got %zu", self.num_args, n);
        nb::raise_python_error();
    }
    nb::list results = nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(self.outs.size())));
    std::vector<PyObject*> made(self.outs.size());
    require(self.run(PySequence_Fast_ITEMS(fast.ptr()), made.data()));
    for (size_t i = 0; i < made.size(); ++i)
        PyList_SET_ITEM(results.ptr(), static_cast<Py_ssize_t>(i), made[i]);
    return results;
}

template <typename T>
int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return nb::inst_ready(self) ? nb::inst_ptr<T>(self)->traverse(visit, arg) : 0;
}

template <typename T>
int clear(PyObject* self) {
    nb::inst_ptr<T>(self)->clear();
    return 0;
}

template <typename T>
PyType_Slot collected[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse<T>)},
                           {Py_tp_clear, reinterpret_cast<void*>(clear<T>)},
                           {0, nullptr}};

}  // namespace

const Program* as_program(PyObject* object) {
    if (nb::isinstance<Executable>(object)) return nb::inst_ptr<Executable>(object);
    return nb::isinstance<DeviceProgram>(object) ? nb::inst_ptr<DeviceProgram>(object) : nullptr;
}

void add_executable(nb::module_& m) {
    nb::class_<Callback>(m, "Callback", nb::type_slots(collected<Callback>))
        .def("__init__",
             [](Callback* self, nb::object fn, nb::object ins, nb::object outs, bool copy) {
                 new (self) Callback(fn.ptr(), ins.ptr(), outs.ptr(), copy);
                 require(!PyErr_Occurred());
             },
             nb::arg("fn"), nb::arg("ins"), nb::arg("outs"), nb::arg("copy") = true);
    nb::class_<Executable>(m, "Executable", nb::type_slots(collected<Executable>),
                           nb::is_weak_referenceable())
        .def("__init__", init, nb::arg("address"), nb::arg("keepalive"), nb::arg("num_args"),
             nb::arg("kept"), nb::arg("consts"), nb::arg("outs"), nb::arg("scratch_bytes"),
             nb::arg("externals"), nb::arg("donated"), nb::arg("out_tree").none(),
             nb::arg("release_gil"), nb::arg("nanoseconds") = 0.0, nb::arg("name") = "")
        .def("improve_after", improve_after, nb::arg("nanoseconds"), nb::arg("improve"))
        .def("__call__", call_flat, nb::arg("leaves"));
    m.def("launch_above", [](double nanoseconds) { return launch_above(whole(nanoseconds)); },
          nb::arg("nanoseconds"));
}

}  // namespace pullback
