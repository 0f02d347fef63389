// SPDX-License-Identifier: Apache-2.0
// The registry of kinds: found without a lock, enrolled under one.
#include "actors/address/kinds.hpp"

#include <caf/atom.hpp>
#include <caf/type_nr.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace holdfast::addressing {

namespace {

/// Twice as many places as kinds, so that a search ends soon.
constexpr std::size_t places = 2 * kinds_max;

struct registry {
  struct place {
    std::atomic<std::uint64_t> mark{0}; ///< Of a kind; 0: free.
    std::atomic<kind_number> kind{kind_other};
  };

  std::array<place, places> all;
  std::mutex growing;
  std::array<std::string, kinds_max> names; ///< Written before its number is given out.
  std::size_t known = 1;
  std::atomic<bool> full{false};
};

registry& the_registry() {
  static auto* const made = new registry; // outlives whatever still counts at the end
  return *made;
}

std::uint64_t mixed(std::uint64_t mark, std::uint64_t with) {
  mark ^= with + 0x9e3779b97f4a7c15U + (mark << 6U) + (mark >> 2U);
  mark *= 0xff51afd7ed558ccdU;
  return mark ^ (mark >> 33U);
}

bool begins_with_atom(const caf::type_erased_tuple& content) {
  return content.size() > 0 && content.type_nr(0) == caf::type_nr<caf::atom_value>::value;
}

/// Never 0. Types are told apart by where their description stands: quicker than by their names,
/// and one that stands twice in a process has two marks for one kind.
std::uint64_t mark_of(const caf::type_erased_tuple& content) {
  std::uint64_t mark = content.size() + 1;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto [number, info] = content.type(i);
    mark = mixed(mark, number != 0 ? number : reinterpret_cast<std::uintptr_t>(info));
  }
  if (begins_with_atom(content))
    mark = mixed(mark, static_cast<std::uint64_t>(content.get_as<caf::atom_value>(0)));
  return mark | 1U;
}

void erase_all(std::string& from, std::string_view what) {
  for (auto at = from.find(what); at != std::string::npos; at = from.find(what, at))
    from.erase(at, what.size());
}

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free};
  std::string name = status == 0 ? plain.get() : type.name();
  for (const std::string_view noise : {"(anonymous namespace)::", "holdfast::", "caf::", "std::"})
    erase_all(name, noise);
  return name;
}

std::string described(const caf::type_erased_tuple& content) {
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    text += i == 0 ? "" : ",";
    const auto [number, info] = content.type(i);
    if (i == 0 && begins_with_atom(content))
      text += "'" + caf::to_string(content.get_as<caf::atom_value>(0)) + "'";
    else
      text += number != 0 ? caf::numbered_type_names[number - 1] + 1 /* they begin with '@' */
                          : readable(*info);
  }
  return text.empty() ? "()" : text;
}

kind_number enrol(registry& in, std::uint64_t mark, const caf::type_erased_tuple& content) {
  const std::lock_guard lock{in.growing};
  for (auto at = mark % places;; at = (at + 1) % places) {
    auto& place = in.all[at];
    const auto found = place.mark.load(std::memory_order_relaxed);
    if (found == mark)
      return place.kind.load(std::memory_order_relaxed);
    if (found != 0)
      continue;
    if (in.known == kinds_max) {
      in.full.store(true, std::memory_order_relaxed);
      return kind_other;
    }
    auto name = described(content);
    const auto same = std::find(in.names.begin() + 1, in.names.begin() + in.known, name);
    const auto kind = static_cast<kind_number>(same - in.names.begin());
    if (kind == in.known) {
      in.names[kind] = std::move(name);
      ++in.known;
    }
    place.kind.store(kind, std::memory_order_relaxed);
    place.mark.store(mark, std::memory_order_release);
    return kind;
  }
}

} // namespace

kind_number kind_of(const caf::type_erased_tuple& content) {
  auto& known = the_registry();
  const auto mark = mark_of(content);
  for (auto at = mark % places;; at = (at + 1) % places) {
    const auto& place = known.all[at];
    const auto found = place.mark.load(std::memory_order_acquire);
    if (found == mark)
      return place.kind.load(std::memory_order_relaxed);
    if (found == 0)
      return known.full.load(std::memory_order_relaxed) ? kind_other : enrol(known, mark, content);
  }
}

std::string name_of(kind_number kind) {
  return kind == kind_other ? "(another kind)" : the_registry().names[kind];
}

} // namespace holdfast::addressing
