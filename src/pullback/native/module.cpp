// The module pullback._native: what each file offers, by name.
#define PULLBACK_IMPORT_NUMPY
#include <nanobind/nanobind.h>

#include "array.h"
#include "buffer.h"
#include "device_array.h"
#include "dlpack.h"
#include "eager.h"
#include "ending.h"
#include "flight.h"
#include "interrupt.h"
#include "jit.h"
#include "native.h"
#include "nodes.h"
#include "structure.h"
#include "trace.h"
#include "traceback.h"
#include "view.h"

namespace nb = nanobind;

namespace {

void add(nb::module_& module, PyMethodDef* methods) {
    if (PyModule_AddFunctions(module.ptr(), methods) < 0) nb::raise_python_error();
}

void require(bool done) {
    if (!done) nb::raise_python_error();
}

}  // namespace

NB_MODULE(_native, m) {
    using namespace pullback;
    // Programs still alive at the end are normal: optree's registry may hold a class with a compiled
    // method.
    nb::set_leak_warnings(false);
    require(PyArray_ImportNumPyAPI() == 0);
    require(buffer_init());
    require(array_init(m.ptr()));
    require(device_array_init(m.ptr()));
    add(m, device_array_functions);
    add(m, trace_methods);
    add(m, view_methods);
    add(m, eager_methods);
    add(m, dlpack_methods);
    add(m, node_methods);
    add(m, structure_methods);
    require(elementwise_init(m.ptr()));
    require(jit_init(m.ptr()));
    require(interrupt_init());
    require(flight_init());
    require(ending_init());
    m.def("outlast_threads", outlast_threads);
    add_executable(m);
    add_device_program(m);
    add_library(m);
    add_loader(m);
    add_runtime(m);
    m.def("set_aval_factory", [](nb::object make) { set_aval_factory(make.ptr()); });
    m.def("set_traceback_filter", [](nb::object filter) { set_traceback_filter(filter.ptr()); });
    m.def("add_opaque_dtype", [](nb::object dtype) { require(add_opaque_dtype(dtype.ptr())); });
    m.def("trim_memory", buffer_trim);
    m.def("cached_memory", buffer_cached);
}
