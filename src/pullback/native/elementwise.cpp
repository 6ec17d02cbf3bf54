// Elementwise, the base of ufuncs: what NumPy's ufunc computes alike is computed at once, the rest
// is left to a function.
#include "eager.h"

#include <structmember.h>

#include <cstddef>

namespace pullback {
namespace {

struct Elementwise {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject* eager;    // a ufunc of two arguments, or null
    PyObject* general;  // null only while the object is made or collected
};

Elementwise* as_elementwise(PyObject* object) { return reinterpret_cast<Elementwise*>(object); }

// The ufunc's result; null without an error where the function must decide, or say what is wrong.
PyObject* at_once(PyObject* ufunc, PyObject* x, PyObject* y) {
    PyObject* out = eager_binary(ufunc, x, y);
    if (out == Py_NotImplemented) return Py_DECREF(out), nullptr;
    if (!out && PyErr_ExceptionMatches(PyExc_TypeError)) PyErr_Clear();
    return out;
}

// Keywords are rare: the class tells what they mean.
PyObject* call_named(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* names) {
    Ref function(PyObject_GetAttrString(self, "_call_named"));
    return function ? PyObject_Vectorcall(function.get(), args, nargsf, names) : nullptr;
}

PyObject* call(PyObject* object, PyObject* const* args, size_t nargsf, PyObject* names) {
    Elementwise* self = as_elementwise(object);
    if (names && PyTuple_GET_SIZE(names)) return call_named(object, args, nargsf, names);
    if (self->eager && PyVectorcall_NARGS(nargsf) == 2) {
        PyObject* out = at_once(self->eager, args[0], args[1]);
        if (out || PyErr_Occurred()) return out;
    }
    if (self->general) return PyObject_Vectorcall(self->general, args, nargsf, nullptr);
    PyErr_SetString(PyExc_RuntimeError, "a ufunc was called before it was made");
    return nullptr;
}

PyObject* create(PyTypeObject* type, PyObject* args, PyObject*) {
    // A class derived from this one may take keywords in its own __new__.
    PyObject *eager, *general;
    if (!PyArg_ParseTuple(args, "OO:Elementwise", &eager, &general)) return nullptr;
    Ref made(type->tp_alloc(type, 0));
    if (!made) return nullptr;
    Elementwise* self = as_elementwise(made.get());
    self->vectorcall = call;
    self->eager = eager == Py_None ? nullptr : Py_NewRef(eager);
    self->general = Py_NewRef(general);
    return made.release();
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(as_elementwise(object)->eager);
    Py_VISIT(as_elementwise(object)->general);
    return 0;
}

int clear(PyObject* object) {
    Py_CLEAR(as_elementwise(object)->eager);
    Py_CLEAR(as_elementwise(object)->general);
    return 0;
}

void dealloc(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Elementwise, vectorcall), READONLY, nullptr},
    {"_eager", T_OBJECT, offsetof(Elementwise, eager), READONLY, "NumPy's ufunc, or None."},
    {"_general", T_OBJECT, offsetof(Elementwise, general), READONLY, "What decides otherwise."},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("Elementwise(ufunc or None, function): calls one or the other.")},
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_members, members},
    {0, nullptr},
};

PyType_Spec spec = {"pullback._native.Elementwise", sizeof(Elementwise), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
                        Py_TPFLAGS_HAVE_VECTORCALL,
                    slots};

}  // namespace

bool elementwise_init(PyObject* module) {
    PyObject* type = PyType_FromSpec(&spec);
    return type && PyModule_AddObjectRef(module, "Elementwise", type) == 0;
}

}  // namespace pullback
