// Compiled programs by the signature of the calls they serve.
#pragma once

#include <unordered_map>

#include "program.h"
#include "tree.h"

namespace pullback {

class Cache {
  public:
    struct Entry {
        Signature signature;  // without leaves
        PyObject* holder;     // the Python object that owns the program
        const Program* program;
        long refs;
    };

    // A full cache starts anew.
    static constexpr size_t kMost = 4096;

    ~Cache() { clear(); }

    // Sets signature.hash.
    static void hash(Signature& signature);
    // A reference to drop(); null if there is none, with an error set if a comparison failed.
    Entry* find(const Signature& signature);
    Entry* store(const Signature& signature, PyObject* holder, const Program* program);
    static void drop(Entry* entry);

    void clear();
    size_t size() const { return entries_.size(); }
    int traverse(visitproc visit, void* arg) const;

  private:
    std::unordered_multimap<uint64_t, Entry*> entries_;
    Entry* last_ = nullptr;  // most callers repeat themselves
};

}  // namespace pullback
