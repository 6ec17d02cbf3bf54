#include "arguments.h"

#include <algorithm>

#include "cache.h"
#include "trace.h"

namespace pullback {
namespace {

// The arguments left when the static ones are taken out.
struct Dynamic {
    std::vector<PyObject*> values, names;
    Py_ssize_t positional = 0;

    Arguments view() const {
        return {values.data(), positional, names.data(), static_cast<Py_ssize_t>(names.size())};
    }
};

bool is_static(const Convention& convention, Py_ssize_t position) {
    return std::ranges::find(convention.static_nums, position) != convention.static_nums.end();
}

bool is_static(const Convention& convention, PyObject* name) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(convention.static_names); ++i) {
        PyObject* other = PyTuple_GET_ITEM(convention.static_names, i);
        if (other == name || PyUnicode_Compare(other, name) == 0) return true;
    }
    return false;
}

// Fills in `rest`; the static values become part of the signature.
Flat take_static(const Convention& convention, const Arguments& all, Flattener& flattener,
                 Dynamic& rest) {
    Flat flat = Flat::Done;
    for (Py_ssize_t i = 0; flat == Flat::Done && i < all.positional; ++i) {
        if (is_static(convention, i)) flat = flattener.object(all.values[i]);
        else rest.values.push_back(all.values[i]);
    }
    rest.positional = static_cast<Py_ssize_t>(rest.values.size());
    for (Py_ssize_t i = 0; flat == Flat::Done && i < all.named; ++i) {
        PyObject *name = all.names[i], *value = all.values[all.positional + i];
        if (is_static(convention, name)) {
            flat = flattener.object(name);
            if (flat == Flat::Done) flat = flattener.object(value);
        } else {
            rest.names.push_back(name);
            rest.values.push_back(value);
        }
    }
    return flat;
}

Flat flatten_general(const Convention& convention, const Arguments& args, Flattener& flattener) {
    Ref tuple = args.tuple(), dict = args.dict();
    Ref both(tuple && dict ? PyTuple_Pack(2, tuple.get(), dict.get()) : nullptr);
    return both ? flattener.general(both.get(), convention.nspace) : Flat::Failed;
}

Flat flatten_plain(const Arguments& args, Flattener& flattener) {
    Flat flat = flattener.tuple(args.values, args.positional);
    if (flat != Flat::Done || args.named == 0) return flat;
    return flattener.named(args.values + args.positional, args.names,
                           static_cast<size_t>(args.named));
}

bool has_static(const Convention& convention) {
    return !convention.static_nums.empty() || PyTuple_GET_SIZE(convention.static_names) > 0;
}

Flat flatten(const Convention& convention, const Arguments& all, Signature& signature,
             bool general) {
    Context context = current_context();
    Flattener flattener(signature, convention.convert, context.x64);
    flattener.number(context.key);
    Dynamic rest;
    Arguments args = all;
    if (has_static(convention)) {
        Flat flat = take_static(convention, all, flattener, rest);
        if (flat != Flat::Done) return flat;
        args = rest.view();
    }
    return general ? flatten_general(convention, args, flattener) : flatten_plain(args, flattener);
}

}  // namespace

Ref Arguments::tuple() const {
    Ref made(PyTuple_New(positional));
    for (Py_ssize_t i = 0; made && i < positional; ++i)
        PyTuple_SET_ITEM(made.get(), i, Py_NewRef(values[i]));
    return made;
}

Ref Arguments::dict() const {
    Ref made(PyDict_New());
    for (Py_ssize_t i = 0; made && i < named; ++i)
        if (PyDict_SetItem(made.get(), names[i], values[positional + i]) < 0) return Ref();
    return made;
}

Flat take_apart(const Convention& convention, const Arguments& args, Signature& signature) {
    Flat flat = flatten(convention, args, signature, false);
    if (flat == Flat::General) {
        signature.clear();
        flat = flatten(convention, args, signature, true);
    }
    if (flat == Flat::Done) Cache::hash(signature);
    return flat;
}

}  // namespace pullback
