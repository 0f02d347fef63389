// SPDX-License-Identifier: Apache-2.0
// JSON bodies: the walk from request to item, and what all items share. For runtime/otlp only.
#pragma once

#include "messages/fault.hpp"
#include "runtime/otlp/gather.hpp"

#include <limits>

namespace holdfast::otlp {

/// Reads the members of one JSON object. Null is as good as missing; what has the wrong kind makes
/// a problem of the item.
class members {
public:
  members(const value& of, notes& seen);

  /// Null when it is missing.
  const value* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  std::string text(std::string_view name) const;
  bool truth(std::string_view name) const;

  /// A number, a decimal string, "NaN", "Infinity" or "-Infinity".
  double real(std::string_view name) const;

  /// A number or a decimal string that is an integer in the range of `Integer`.
  template <class Integer>
  Integer integer(std::string_view name) const {
    using range = std::numeric_limits<Integer>;
    if constexpr (std::is_unsigned_v<Integer>)
      return static_cast<Integer>(not_negative(name, range::max()));
    else
      return static_cast<Integer>(whole(name, range::min(), range::max()));
  }

  /// The bytes that hexadecimal digits stand for, for `notes::id`. Anything else gives a byte
  /// string that no id can be.
  std::string hex(std::string_view name) const;
  std::string base64(std::string_view name) const;

  /// Its items; empty when it is missing.
  const array& list(std::string_view name) const;

  /// The integers or reals of a list.
  array integers(std::string_view name) const;
  array reals(std::string_view name) const;

  object attributes(std::string_view name, std::uint64_t& dropped) const;
  value any(std::string_view name, std::size_t depth = 0) const;

  notes& seen() const { return seen_; }

private:
  std::uint64_t not_negative(std::string_view name, std::uint64_t most) const;
  std::int64_t whole(std::string_view name, std::int64_t least, std::int64_t most) const;
  void refuse(std::string_view name, std::string_view rule) const;

  const value& of_;
  notes& seen_;
};

/// The objects of a list, up to the limit; `dropped` grows by those beyond it.
template <class Make>
auto members_of(const array& list, notes& seen, std::uint64_t& dropped, Make make) {
  std::vector<decltype(make(members{list[0], seen}))> made;
  for (const auto& one : list) {
    if (made.size() < seen.allowed().members_max)
      made.push_back(make(members{one, seen}));
    else
      ++dropped;
  }
  return made;
}

/// What the walk is made of.
result<value> parse_request(std::string_view body, const limits& allowed);
result<const array*> list_in(const value& of, std::string_view name, const std::string& where);
result<origin> resource_of(const value& given, const place& where, const limits& allowed);
result<origin> scope_of(const value& given, origin from, const place& where, const limits& allowed);

/// The request's list of resources, each with its attributes and scopes, to batches.
/// `take(item, place, batch)` takes one item.
template <class Item, class Take>
class json_walk {
public:
  json_walk(const list_names& lists, const limits& allowed, Take take)
      : where_{lists}, allowed_{allowed}, take_{take} {}

  result<batch<Item>> run(std::string_view body) {
    const auto request = parse_request(body, allowed_);
    if (!request)
      return request.error();
    const auto resources = list_in(*request, where_.lists.resources, "the request");
    if (!resources)
      return resources.error();
    for (const auto& one : **resources) {
      if (auto walked = resource(one); !walked)
        return walked.error();
      ++where_.resource;
    }
    return std::move(made_);
  }

private:
  result<void> resource(const value& of) {
    const auto scopes = list_in(of, where_.lists.scopes, where_.print_resource());
    if (!scopes)
      return scopes.error();
    auto shared = resource_of(of, where_, allowed_);
    if (!shared)
      return shared.error();
    where_.scope = 0;
    for (const auto& one : **scopes) {
      const auto items = list_in(one, where_.lists.items, where_.print_scope());
      if (!items)
        return items.error();
      auto from = scope_of(one, *shared, where_, allowed_);
      if (!from)
        return from.error();
      begin_scope(made_, *std::move(from));
      where_.item = 0;
      for (const auto& item : **items) {
        take_(item, where_, made_);
        ++where_.item;
      }
      end_scope(made_);
      ++where_.scope;
    }
    return {};
  }

  place where_;
  const limits& allowed_;
  Take take_;
  batch<Item> made_;
};

template <class Item, class Take>
result<batch<Item>> walk_json(const list_names& lists, const limits& allowed, std::string_view body,
                              Take take) {
  return json_walk<Item, Take>{lists, allowed, take}.run(body);
}

} // namespace holdfast::otlp
