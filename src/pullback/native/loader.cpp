// Object files into memory. Read is what the code generator makes for x86-64 Linux, where every
// reference is an absolute address; of any other object `load` says that it cannot, and LLVM links.
#include <nanobind/nanobind.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native.h"

namespace nb = nanobind;

#if defined(__linux__) && defined(__x86_64__)
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

// Sections that one protection serves: code, constants and variables.
enum Kind : size_t { CODE, CONSTANTS, VARIABLES, KINDS };
constexpr int PROTECTION[KINDS] = {PROT_READ | PROT_EXEC, PROT_READ, PROT_READ | PROT_WRITE};

// Of a section: what no compiler makes.
constexpr uint64_t LARGEST = 1u << 30, LARGEST_ALIGNMENT = 4096;

using Addresses = std::unordered_map<std::string_view, uint64_t>;

// Pages of memory, given back at the end.
struct Image {
    char* base = nullptr;
    size_t bytes = 0;

    ~Image() {
        if (base) munmap(base, bytes);
    }

    bool map(size_t size) {
        void* found = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (found == MAP_FAILED) return false;
        base = static_cast<char*>(found);
        bytes = size;
        return true;
    }
};

// One object file. Whatever lies outside of it, or is not known here, makes `good` false.
class Object {
  public:
    explicit Object(std::string_view bytes) : bytes_(bytes) {
        Elf64_Ehdr head;
        good_ = read(0, &head) && std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 &&
                head.e_ident[EI_CLASS] == ELFCLASS64 && head.e_type == ET_REL &&
                head.e_machine == EM_X86_64 && read_all(head.e_shoff, head.e_shnum, sections_);
        addresses_.resize(sections_.size());
        for (const Elf64_Shdr& s : sections_) {
            good_ &= !loaded(s) || (s.sh_size <= LARGEST && s.sh_addralign <= LARGEST_ALIGNMENT);
            if (s.sh_type == SHT_SYMTAB) {
                good_ &= read_all(s.sh_offset, s.sh_size / sizeof(Elf64_Sym), symbols_);
                good_ &= s.sh_link < sections_.size();
                if (good_) names_ = content(sections_[s.sh_link]);
            }
        }
    }

    bool good() const { return good_; }

    // Places for the sections of a kind behind `end`, counted from the image's start.
    size_t place(Kind kind, size_t end) {
        for (size_t i = 0; i < sections_.size(); i++) {
            const Elf64_Shdr& s = sections_[i];
            if (!loaded(s) || kind_of(s) != kind) continue;
            size_t align = s.sh_addralign ? s.sh_addralign : 1;
            end = (end + align - 1) / align * align;
            addresses_[i] = end;
            end += s.sh_size;
        }
        return end;
    }

    // Copy the sections to their places; from now on these are addresses.
    void copy(char* base) {
        for (size_t i = 0; i < sections_.size(); i++) {
            const Elf64_Shdr& s = sections_[i];
            if (!loaded(s)) continue;
            char* to = base + addresses_[i];
            std::string_view from = s.sh_type == SHT_NOBITS ? std::string_view() : content(s);
            if (!from.empty()) std::memcpy(to, from.data(), from.size());
            addresses_[i] = reinterpret_cast<uint64_t>(to);
        }
    }

    // The names that other objects see.
    void define(Addresses& table) {
        for (const Elf64_Sym& symbol : symbols_) {
            bool here = symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
            if (here && symbol.st_shndx < sections_.size()) table[name(symbol)] = local(symbol);
        }
    }

    // Write addresses where the code refers to them.
    void relocate(const Addresses& table) {
        for (const Elf64_Shdr& s : sections_) {
            if (s.sh_type == SHT_REL) good_ = false;
            if (s.sh_type != SHT_RELA || s.sh_info >= sections_.size()) continue;
            const Elf64_Shdr& target = sections_[s.sh_info];
            if (!loaded(target)) continue;
            std::vector<Elf64_Rela> entries;
            good_ &= read_all(s.sh_offset, s.sh_size / sizeof(Elf64_Rela), entries);
            for (const Elf64_Rela& entry : entries) {
                good_ = good_ && apply(entry, target, addresses_[s.sh_info], table);
            }
        }
    }

  private:
    template <class T>
    bool read(uint64_t offset, T* to) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return false;
        std::memcpy(to, bytes_.data() + offset, sizeof(T));
        return true;
    }

    template <class T>
    bool read_all(uint64_t offset, uint64_t count, std::vector<T>& to) const {
        if (offset > bytes_.size() || (bytes_.size() - offset) / sizeof(T) < count) return false;
        to.resize(count);
        if (count) std::memcpy(to.data(), bytes_.data() + offset, count * sizeof(T));
        return true;
    }

    // Tables for unwinding are left out: no exception passes through this code.
    static bool loaded(const Elf64_Shdr& s) {
        bool content = s.sh_type == SHT_PROGBITS || s.sh_type == SHT_NOBITS;
        return content && (s.sh_flags & SHF_ALLOC) && s.sh_size;
    }

    static Kind kind_of(const Elf64_Shdr& s) {
        if (s.sh_flags & SHF_EXECINSTR) return CODE;
        return s.sh_flags & SHF_WRITE ? VARIABLES : CONSTANTS;
    }

    std::string_view content(const Elf64_Shdr& s) {
        bool inside = s.sh_offset <= bytes_.size() && s.sh_size <= bytes_.size() - s.sh_offset;
        good_ &= inside;
        return inside ? bytes_.substr(s.sh_offset, s.sh_size) : std::string_view();
    }

    std::string_view name(const Elf64_Sym& symbol) const {
        if (symbol.st_name >= names_.size()) return {};
        std::string_view rest = names_.substr(symbol.st_name);
        return rest.substr(0, rest.find('\0'));
    }

    uint64_t local(const Elf64_Sym& symbol) const {
        return addresses_[symbol.st_shndx] + symbol.st_value;
    }

    bool apply(const Elf64_Rela& entry, const Elf64_Shdr& target, uint64_t address,
               const Addresses& table) const {
        uint64_t index = ELF64_R_SYM(entry.r_info);
        if (ELF64_R_TYPE(entry.r_info) != R_X86_64_64 || index >= symbols_.size()) return false;
        if (target.sh_size < 8 || entry.r_offset > target.sh_size - 8) return false;
        const Elf64_Sym& symbol = symbols_[index];
        uint64_t value;
        if (symbol.st_shndx == SHN_UNDEF) {
            auto found = table.find(name(symbol));
            if (found == table.end()) return false;
            value = found->second;
        } else {
            if (symbol.st_shndx >= sections_.size() || !loaded(sections_[symbol.st_shndx])) return false;
            value = local(symbol);
        }
        value += static_cast<uint64_t>(entry.r_addend);
        std::memcpy(reinterpret_cast<char*>(address + entry.r_offset), &value, sizeof value);
        return true;
    }

    std::string_view bytes_;
    bool good_;
    std::vector<Elf64_Shdr> sections_;
    std::vector<Elf64_Sym> symbols_;
    std::string_view names_;
    std::vector<uint64_t> addresses_;
};

// Map the objects, one kind of section after the other, each from a page's start.
bool link(std::vector<Object>& objects, Addresses& table, Image& image) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), starts[KINDS + 1] = {0};
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t end = starts[kind];
        for (Object& object : objects) end = object.place(static_cast<Kind>(kind), end);
        starts[kind + 1] = (end + page - 1) / page * page;
    }
    if (!starts[KINDS] || !image.map(starts[KINDS])) return false;
    for (Object& object : objects) object.copy(image.base);
    for (Object& object : objects) object.define(table);
    bool good = true;
    for (Object& object : objects) {
        object.relocate(table);
        good &= object.good();
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t size = starts[kind + 1] - starts[kind];
        good &= !size || mprotect(image.base + starts[kind], size, PROTECTION[kind]) == 0;
    }
    return good;
}

nb::object load(nb::sequence objects, nb::sequence names, nb::dict symbols) {
    Addresses table;
    for (auto [name, address] : symbols) {
        table[nb::cast<const char*>(name)] = nb::cast<uint64_t>(address);
    }
    std::vector<Object> parsed;
    for (nb::handle object : objects) {
        auto bytes = nb::cast<nb::bytes>(object);
        parsed.emplace_back(std::string_view(bytes.c_str(), bytes.size()));
        if (!parsed.back().good()) return nb::none();
    }
    auto image = std::make_unique<Image>();
    if (!link(parsed, table, *image)) return nb::none();
    nb::dict found;
    for (nb::handle name : names) {
        auto address = table.find(nb::cast<const char*>(name));
        if (address == table.end()) return nb::none();
        found[name] = address->second;
    }
    nb::capsule owner(image.release(), [](void* p) noexcept { delete static_cast<Image*>(p); });
    return nb::make_tuple(found, owner);
}

}  // namespace

#else

namespace {

nb::object load(nb::sequence, nb::sequence, nb::dict) { return nb::none(); }

}  // namespace

#endif

namespace pullback {

void add_loader(nb::module_& m) {
    m.def("load", load, nb::arg("objects"), nb::arg("names"), nb::arg("symbols"));
}

}  // namespace pullback
