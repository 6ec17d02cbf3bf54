#include "jit.h"

#include <structmember.h>

#include <cstddef>

#include "arguments.h"
#include "cache.h"
#include "ending.h"
#include "native.h"
#include "trace.h"
#include "traceback.h"

namespace pullback {
namespace {

struct JitFunction {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject* dict;
    PyObject* weakrefs;
    PyObject* fun;
    PyObject* miss;
    Convention* convention;
    Cache* cache;
};

JitFunction* as_jit(PyObject* object) { return reinterpret_cast<JitFunction*>(object); }

// A signature whose vectors keep their room from call to call.
class Lease {
  public:
    Lease() {
        if (idle().empty()) idle().push_back(new Signature);
        signature_ = idle().back();
        idle().pop_back();
    }
    ~Lease() {
        signature_->clear();
        idle().push_back(signature_);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Signature& operator*() const { return *signature_; }
    Signature* operator->() const { return signature_; }

  private:
    static std::vector<Signature*>& idle() {
        static auto* signatures = new std::vector<Signature*>;
        return *signatures;
    }
    Signature* signature_;
};

// (program or None, result)
Ref call_miss(JitFunction* self, const Arguments& args) {
    Ref tuple = args.tuple(), dict = args.dict();
    if (!tuple || !dict) return Ref();
    PyObject* stack[] = {reinterpret_cast<PyObject*>(self), tuple.get(), dict.get()};
    Ref both(PyObject_Vectorcall(self->miss, stack, 3, nullptr));
    if (!both) {
        filter_traceback();
        return both;
    }
    if (PyTuple_CheckExact(both.get()) && PyTuple_GET_SIZE(both.get()) == 2) return both;
    PyErr_Format(PyExc_TypeError, "miss: wants (Executable or None, result), got %R", both.get());
    return Ref();
}

PyObject* run_uncached(JitFunction* self, const Arguments& args) {
    Ref both = call_miss(self, args);
    if (!both) return nullptr;
    if (PyTuple_GET_ITEM(both.get(), 0) == Py_None) return Py_NewRef(PyTuple_GET_ITEM(both.get(), 1));
    PyErr_SetString(PyExc_TypeError, "miss: gave a program for a call that has no signature");
    return nullptr;
}

PyObject* run_entry(Cache::Entry* entry, const Signature& signature) {
    PyObject* result = entry->program->call(signature.leaves.data());
    Cache::drop(entry);
    return result;
}

PyObject* run_missed(JitFunction* self, const Arguments& args, const Signature& signature) {
    Ref both = call_miss(self, args);
    if (!both) return nullptr;
    PyObject* holder = PyTuple_GET_ITEM(both.get(), 0);
    if (holder == Py_None) return Py_NewRef(PyTuple_GET_ITEM(both.get(), 1));
    const Program* program = as_program(holder);
    if (!program || program->num_args != signature.leaves.size()) {
        PyErr_Format(PyExc_TypeError, "miss: %R is no Executable of %zu arguments", holder,
                     signature.leaves.size());
        return nullptr;
    }
    return run_entry(self->cache->store(signature, holder, program), signature);
}

PyObject* call(PyObject* object, PyObject* const* values, size_t nargsf, PyObject* names) {
    JitFunction* self = as_jit(object);
    if (!self->miss) {
        PyErr_SetString(PyExc_RuntimeError, "a compiled function was called while it was collected");
        return nullptr;
    }
    Inside inside;
    Arguments args = {values, PyVectorcall_NARGS(nargsf),
                      names ? PySequence_Fast_ITEMS(names) : nullptr,
                      names ? PyTuple_GET_SIZE(names) : 0};
    if (!is_eager()) return run_uncached(self, args);
    Lease signature;
    Flat flat = take_apart(*self->convention, args, *signature);
    if (flat == Flat::Failed) return nullptr;
    if (flat == Flat::Unknown) return run_uncached(self, args);
    if (Cache::Entry* entry = self->cache->find(*signature)) return run_entry(entry, *signature);
    return PyErr_Occurred() ? nullptr : run_missed(self, args, *signature);
}

bool read_nums(PyObject* nums, std::vector<Py_ssize_t>& out) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(nums); ++i) {
        out.push_back(PyLong_AsSsize_t(PyTuple_GET_ITEM(nums, i)));
        if (out.back() >= 0) continue;
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "JitFunction: static_argnums are not negative");
        return false;
    }
    return true;
}

bool look_like(PyObject* self, PyObject* fun) {
    Ref functools(PyImport_ImportModule("functools"));
    if (!functools) return false;
    Ref done(PyObject_CallMethod(functools.get(), "update_wrapper", "OO", self, fun));
    return static_cast<bool>(done);
}

PyObject* create(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
    static const char* names[] = {"fun",           "miss",      "convert", "static_argnums",
                                  "static_argnames", "namespace", nullptr};
    PyObject *fun, *miss, *convert, *nums, *static_names, *nspace;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO!O!U:JitFunction",
                                     const_cast<char**>(names), &fun, &miss, &convert,
                                     &PyTuple_Type, &nums, &PyTuple_Type, &static_names, &nspace))
        return nullptr;
    Ref made(type->tp_alloc(type, 0));
    if (!made) return nullptr;
    JitFunction* self = as_jit(made.get());
    self->vectorcall = call;
    self->fun = Py_NewRef(fun);
    self->miss = Py_NewRef(miss);
    self->convention = new Convention{
        {}, Py_NewRef(static_names), Py_NewRef(convert), Py_NewRef(nspace)};
    self->cache = new Cache;
    if (!read_nums(nums, self->convention->static_nums) || !look_like(made.get(), fun)) return nullptr;
    return made.release();
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    JitFunction* self = as_jit(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->dict);
    Py_VISIT(self->fun);
    Py_VISIT(self->miss);
    if (self->convention) Py_VISIT(self->convention->convert);
    return self->cache ? self->cache->traverse(visit, arg) : 0;
}

int clear(PyObject* object) {
    JitFunction* self = as_jit(object);
    Py_CLEAR(self->dict);
    Py_CLEAR(self->fun);
    Py_CLEAR(self->miss);
    if (self->convention) Py_CLEAR(self->convention->convert);
    if (self->cache) self->cache->clear();
    return 0;
}

void dealloc(PyObject* object) {
    JitFunction* self = as_jit(object);
    PyTypeObject* type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->weakrefs) PyObject_ClearWeakRefs(object);
    clear(object);
    if (self->convention) {
        Py_DECREF(self->convention->nspace);
        Py_DECREF(self->convention->static_names);
    }
    delete self->convention;
    delete self->cache;
    type->tp_free(object);
    Py_DECREF(type);
}

PyObject* bind(PyObject* self, PyObject* instance, PyObject*) {
    if (!instance || instance == Py_None) return Py_NewRef(self);
    return PyMethod_New(self, instance);
}

PyObject* repr(PyObject* self) {
    return PyUnicode_FromFormat("<PjitFunction of %R>", as_jit(self)->fun);
}

PyObject* clear_cache(PyObject* self, PyObject*) {
    as_jit(self)->cache->clear();
    Py_RETURN_NONE;
}

PyObject* cache_size(PyObject* self, PyObject*) {
    return PyLong_FromSize_t(as_jit(self)->cache->size());
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(JitFunction, vectorcall), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(JitFunction, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(JitFunction, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef methods[] = {
    {"_clear_cache", clear_cache, METH_NOARGS, "Forgets all compiled programs."},
    {"_cache_size", cache_size, METH_NOARGS, "How many compiled programs there are."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
    {Py_tp_repr, reinterpret_cast<void*>(repr)},
    {Py_tp_members, members},
    {Py_tp_getset, getset},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"pullback._native.JitFunction", sizeof(JitFunction), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_METHOD_DESCRIPTOR,
                    slots};

}  // namespace

bool jit_init(PyObject* module) {
    PyObject* type = PyType_FromSpec(&spec);
    return type && PyModule_AddObjectRef(module, "JitFunction", type) == 0;
}

}  // namespace pullback
