#include "trace.h"

namespace pullback {

// Plain data: a thread that ends holds no references, as whoever swaps a trace in swaps it out.
thread_local ThreadState thread_state = {nullptr, {-1, false, nullptr}};

namespace {

PyObject* eager_trace = nullptr;

Context process_context = {0, false, nullptr};

PyObject* eager() {
    PyObject* elsewhere = current_context().eager;
    return elsewhere ? elsewhere : eager_trace ? eager_trace : Py_None;
}

bool is_eager_trace(PyObject* trace) { return trace == eager_trace || trace == eager(); }

PyObject* current_trace(PyObject*, PyObject*) {
    return Py_NewRef(thread_state.trace ? thread_state.trace : eager());
}

PyObject* swap_trace(PyObject*, PyObject* trace) {
    PyObject* old = thread_state.trace;
    thread_state.trace = is_eager_trace(trace) ? nullptr : Py_NewRef(trace);
    return old ? old : Py_NewRef(eager());
}

PyObject* set_eager_trace(PyObject*, PyObject* trace) {
    Py_XSETREF(eager_trace, Py_NewRef(trace));
    Py_RETURN_NONE;
}

PyObject* is_eager_(PyObject*, PyObject*) { return PyBool_FromLong(on_host()); }

PyObject* is_traced(PyObject*, PyObject*) { return PyBool_FromLong(!is_eager()); }

bool parse_context(PyObject* const* args, Py_ssize_t nargs, Context* context) {
    if (nargs != 2 && nargs != 3) {
        PyErr_SetString(PyExc_TypeError, "a context is (key: int, x64: bool, eager trace or None)");
        return false;
    }
    long key = PyLong_AsLong(args[0]);
    if (key < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a context's key is not negative");
        return false;
    }
    PyObject* trace = nargs == 3 && args[2] != Py_None ? args[2] : nullptr;
    *context = {key, args[1] == Py_True, trace};
    return true;
}

PyObject* set_context(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    if (!parse_context(args, nargs, &thread_state.context)) return nullptr;
    Py_RETURN_NONE;
}

PyObject* set_default_context(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    if (!parse_context(args, nargs, &process_context)) return nullptr;
    Py_RETURN_NONE;
}

PyObject* reset_context(PyObject*, PyObject*) {
    thread_state.context = {-1, false, nullptr};
    Py_RETURN_NONE;
}

PyObject* get_context(PyObject*, PyObject*) {
    Context context = current_context();
    return Py_BuildValue("lO", context.key, context.x64 ? Py_True : Py_False);
}

}  // namespace

Context current_context() {
    return thread_state.context.key < 0 ? process_context : thread_state.context;
}

PyMethodDef trace_methods[] = {
    {"current_trace", current_trace, METH_NOARGS, "The trace that interprets operations here."},
    {"swap_trace", swap_trace, METH_O, "Sets this thread's trace; returns the one before."},
    {"set_eager_trace", set_eager_trace, METH_O, "Sets the trace each thread starts with."},
    {"is_eager", is_eager_, METH_NOARGS, "Are operations computed here at once, by NumPy?"},
    {"is_traced", is_traced, METH_NOARGS, "Is a trace that is not eager this thread's?"},
    {"set_context", method(set_context), METH_FASTCALL, "Sets this thread's (key, x64, eager trace)."},
    {"set_default_context", method(set_default_context), METH_FASTCALL,
     "Sets the (key, x64, eager trace) of every thread that set none."},
    {"reset_context", reset_context, METH_NOARGS, "Gives this thread the process's (key, x64)."},
    {"get_context", get_context, METH_NOARGS, "The (key, x64) in force in this thread."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
