// SPDX-License-Identifier: Apache-2.0
// Protobuf bodies: the walk from request to item, and what all items share. For runtime/otlp only.
#pragma once

#include "messages/fault.hpp"
#include "runtime/otlp/gather.hpp"

#include <otlp/wire/common.pb.h>

#include <functional>

namespace holdfast::otlp {

/// Calls `look` with number and content of each length-delimited field, in order. False when the
/// bytes are no message.
bool each_field(std::string_view message,
                const std::function<void(std::uint32_t, std::string_view)>& look);

/// Attributes; of two with one name the last counts. `dropped` grows by those beyond the limit.
object attributes_of(const google::protobuf::RepeatedPtrField<wire::KeyValue>& list, notes& seen,
                     std::uint64_t& dropped);
value value_of(const wire::AnyValue& given, notes& seen, std::size_t depth = 0);

/// The repeated messages, up to the limit; `dropped` grows by those beyond it.
template <class List, class Make>
auto members_of(const List& list, notes& seen, std::uint64_t& dropped, Make make) {
  std::vector<decltype(make(list[0]))> made;
  for (const auto& one : list) {
    if (made.size() < seen.allowed().members_max)
      made.push_back(make(one));
    else
      ++dropped;
  }
  return made;
}

/// Parses one item; one that is too large or broken makes a problem of it.
template <class Message>
Message parse_item(std::string_view content, notes& seen) {
  Message parsed;
  if (content.size() > seen.allowed().item_bytes_max)
    seen.refuse("protobuf", "has " + std::to_string(content.size()) + " bytes, at most "
                                + std::to_string(seen.allowed().item_bytes_max) + " are taken");
  else if (!parsed.ParseFromArray(content.data(), static_cast<int>(content.size())))
    seen.refuse("protobuf", "broken or nested too deeply");
  return parsed;
}

/// Walks request, resources, scopes and items, which have the same field numbers in every signal.
/// `take(content, place, batch)` takes one item.
template <class Item, class Take>
class wire_walk {
public:
  wire_walk(const list_names& lists, const limits& allowed, Take take)
      : where_{lists}, allowed_{allowed}, take_{take} {}

  result<batch<Item>> run(std::string_view request) {
    const bool whole = each_field(request, [this](std::uint32_t number, std::string_view content) {
      if (number == 1) {
        resource(content);
        ++where_.resource;
      }
    });
    if (!whole)
      break_off("protobuf: broken");
    if (!problem_.empty())
      return fault{fault_code::invalid, problem_, "nothing of this request was taken"};
    return std::move(made_);
  }

private:
  /// What a list of items belongs to, in bytes.
  struct list_head {
    std::string said;
    std::string schema_url;
    bool whole = false;
  };

  // What an item belongs to may stand behind it, so each level is walked twice. Of a message that
  // stands twice protobuf wants the parts merged, which is what parsing them in one string does.
  static list_head head_of(std::string_view content) {
    list_head made;
    made.whole = each_field(content, [&](std::uint32_t number, std::string_view field) {
      if (number == 1)
        made.said += field;
      else if (number == 3)
        made.schema_url = field;
    });
    return made;
  }

  void resource(std::string_view content) {
    const auto [said, schema_url, whole] = head_of(content);
    notes seen{allowed_};
    origin from;
    std::uint64_t dropped = 0;
    const auto parsed = parse_item<wire::Resource>(said, seen);
    from.resource =
        std::make_shared<const object>(attributes_of(parsed.attributes(), seen, dropped));
    from.schema_url = seen.text(schema_url);
    if (!whole || !seen.problem().empty())
      return break_off(where_.print_resource() + ".resource." + reason(seen));
    where_.scope = 0;
    each_field(content, [&](std::uint32_t number, std::string_view field) {
      if (number == 2) {
        scope(field, from);
        ++where_.scope;
      }
    });
  }

  void scope(std::string_view content, origin from) {
    const auto [said, schema_url, whole] = head_of(content);
    notes seen{allowed_};
    std::uint64_t dropped = 0;
    const auto parsed = parse_item<wire::InstrumentationScope>(said, seen);
    from.scope = seen.text(parsed.name());
    from.version = seen.text(parsed.version());
    from.scope_attributes = attributes_of(parsed.attributes(), seen, dropped);
    if (!schema_url.empty())
      from.schema_url = seen.text(schema_url);
    if (!whole || !seen.problem().empty())
      return break_off(where_.print_scope() + ".scope." + reason(seen));
    begin_scope(made_, std::move(from));
    where_.item = 0;
    each_field(content, [&](std::uint32_t number, std::string_view field) {
      if (number == 2) {
        take_(field, where_, made_);
        ++where_.item;
      }
    });
    end_scope(made_);
  }

  static std::string reason(const notes& seen) {
    return seen.problem().empty() ? "protobuf: broken" : seen.problem();
  }

  void break_off(std::string why) {
    if (problem_.empty())
      problem_ = std::move(why);
  }

  place where_;
  const limits& allowed_;
  Take take_;
  batch<Item> made_;
  std::string problem_;
};

template <class Item, class Take>
result<batch<Item>> walk_wire(const list_names& lists, const limits& allowed,
                              std::string_view request, Take take) {
  return wire_walk<Item, Take>{lists, allowed, take}.run(request);
}

} // namespace holdfast::otlp
