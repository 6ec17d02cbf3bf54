// The functions that were compiled with the package, by level: tables made by cmake/library.py.
#include <nanobind/nanobind.h>

#include <cstring>

#include "native.h"

namespace nb = nanobind;

namespace {

struct Function {
    const char* name;
    const char* declaration;
    void* address;
};
struct Level {
    const char* name;
    const Function* functions;
};

}  // namespace

// The first row has the digest for a name and no functions; rows of null end a table.
extern "C" const Level pullback_levels[];

namespace pullback {

void add_library(nb::module_& m) {
    m.def("library_digest", [] { return pullback_levels[0].name; });
    m.def(
        "library",
        [](const char* name) {
            nb::dict found;
            for (const Level* level = pullback_levels + 1; level->name; level++) {
                if (std::strcmp(level->name, name) != 0) continue;
                for (const Function* f = level->functions; f->name; f++) {
                    auto address = reinterpret_cast<uintptr_t>(f->address);
                    found[f->name] = nb::make_tuple(f->declaration, address);
                }
            }
            return found;
        },
        nb::arg("level"));
}

}  // namespace pullback
