#include "trace.h"

namespace pullback {

// Plain data: a thread that ends holds no references, as whoever swaps a trace in swaps it out.
thread_local ThreadState thread_state = {nullptr, -1, false};

namespace {

PyObject* eager_trace = nullptr;

PyObject* eager() { return eager_trace ? eager_trace : Py_None; }

Context process_context = {0, false};

PyObject* current_trace(PyObject*, PyObject*) {
    return Py_NewRef(thread_state.trace ? thread_state.trace : eager());
}

PyObject* swap_trace(PyObject*, PyObject* trace) {
    PyObject* old = thread_state.trace;
    thread_state.trace = trace == eager() ? nullptr : Py_NewRef(trace);
    return old ? old : Py_NewRef(eager());
}

PyObject* set_eager_trace(PyObject*, PyObject* trace) {
    Py_XSETREF(eager_trace, Py_NewRef(trace));
    Py_RETURN_NONE;
}

PyObject* is_eager_(PyObject*, PyObject*) { return PyBool_FromLong(is_eager()); }

bool parse_context(PyObject* const* args, Py_ssize_t nargs, Context* context) {
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "a context is (key: int, x64: bool)");
        return false;
    }
    long key = PyLong_AsLong(args[0]);
    if (key < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a context's key is not negative");
        return false;
    }
    *context = {key, args[1] == Py_True};
    return true;
}

PyObject* set_context(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    Context context;
    if (!parse_context(args, nargs, &context)) return nullptr;
    thread_state.context_key = context.key;
    thread_state.x64 = context.x64;
    Py_RETURN_NONE;
}

PyObject* set_default_context(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
    if (!parse_context(args, nargs, &process_context)) return nullptr;
    Py_RETURN_NONE;
}

PyObject* reset_context(PyObject*, PyObject*) {
    thread_state.context_key = -1;
    Py_RETURN_NONE;
}

PyObject* get_context(PyObject*, PyObject*) {
    Context context = current_context();
    return Py_BuildValue("lO", context.key, context.x64 ? Py_True : Py_False);
}

}  // namespace

Context current_context() {
    if (thread_state.context_key < 0) return process_context;
    return {thread_state.context_key, thread_state.x64};
}

PyMethodDef trace_methods[] = {
    {"current_trace", current_trace, METH_NOARGS, "The trace that interprets operations here."},
    {"swap_trace", swap_trace, METH_O, "Sets this thread's trace; returns the one before."},
    {"set_eager_trace", set_eager_trace, METH_O, "Sets the trace each thread starts with."},
    {"is_eager", is_eager_, METH_NOARGS, "Is the eager trace this thread's?"},
    {"set_context", method(set_context), METH_FASTCALL, "Sets this thread's (key, x64)."},
    {"set_default_context", method(set_default_context), METH_FASTCALL,
     "Sets the (key, x64) of every thread that set none."},
    {"reset_context", reset_context, METH_NOARGS, "Gives this thread the process's (key, x64)."},
    {"get_context", get_context, METH_NOARGS, "The (key, x64) in force in this thread."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace pullback
