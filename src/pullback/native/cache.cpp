#include "cache.h"

#include <cstring>
#include <iterator>

namespace pullback {
namespace {

uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 32);
}

int equal(PyObject* a, PyObject* b) {
    if (a == b) return 1;
    if (Py_TYPE(a) != Py_TYPE(b)) return 0;
    return PyObject_RichCompareBool(a, b, Py_EQ);
}

// 1, 0, or -1 with an error set.
int matches(const Signature& a, const Signature& b) {
    if (a.hash != b.hash || a.words != b.words || a.objects.size() != b.objects.size()) return 0;
    for (size_t i = 0; i < a.objects.size(); ++i)
        if (int same = equal(a.objects[i], b.objects[i]); same != 1) return same;
    return 1;
}

ArrayType* leaf_type(uint64_t word) {
    return word >> 63 ? nullptr : reinterpret_cast<ArrayType*>(word);
}

}  // namespace

void Cache::hash(Signature& signature) {
    uint64_t hash = signature.words.size();
    for (uint64_t word : signature.words) hash = mix(hash, word);
    signature.hash = hash;
}

// A comparison may run any code, which may clear the cache: candidates are looked up afresh each
// time, and held while compared.
Cache::Entry* Cache::find(const Signature& signature) {
    for (size_t tried = 0;; ++tried) {
        Entry* entry = last_;
        if (tried > 0) {
            auto [begin, end] = entries_.equal_range(signature.hash);
            for (size_t i = 1; i < tried && begin != end; ++i) ++begin;
            if (begin == end) return nullptr;
            entry = begin->second;
        }
        if (!entry) continue;
        ++entry->refs;
        int same = matches(entry->signature, signature);
        if (same == 1) return last_ = entry;
        drop(entry);
        if (same < 0) return nullptr;
    }
}

Cache::Entry* Cache::store(const Signature& signature, PyObject* holder,
                           const Program* program) {
    if (entries_.size() >= kMost) clear();
    auto* entry = new Entry{{}, Py_NewRef(holder), program, 2};
    entry->signature.words = signature.words;
    entry->signature.hash = signature.hash;
    for (PyObject* object : signature.objects) entry->signature.objects.push_back(Py_NewRef(object));
    for (uint64_t word : signature.words)
        if (ArrayType* type = leaf_type(word)) type_keep(type);
    entries_.emplace(signature.hash, entry);
    return last_ = entry;
}

void Cache::drop(Entry* entry) {
    if (--entry->refs > 0) return;
    for (uint64_t word : entry->signature.words)
        if (ArrayType* type = leaf_type(word)) type_drop(type);
    entry->signature.clear();
    Py_DECREF(entry->holder);
    delete entry;
}

void Cache::clear() {
    last_ = nullptr;
    auto entries = std::exchange(entries_, {});
    for (auto& [hash, entry] : entries) drop(entry);
}

int Cache::traverse(visitproc visit, void* arg) const {
    for (const auto& [hash, entry] : entries_) {
        Py_VISIT(entry->holder);
        for (PyObject* object : entry->signature.objects) Py_VISIT(object);
    }
    return 0;
}

}  // namespace pullback
