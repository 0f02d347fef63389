// SPDX-License-Identifier: Apache-2.0
// Fields of protobuf messages, and attribute values.
#include "runtime/otlp/wire_reader.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace holdfast::otlp {

bool each_field(std::string_view message,
                const std::function<void(std::uint32_t, std::string_view)>& look) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in{reinterpret_cast<const std::uint8_t*>(message.data()),
                                            static_cast<int>(message.size())};
  while (const auto tag = in.ReadTag()) {
    const auto number = static_cast<std::uint32_t>(WireFormatLite::GetTagFieldNumber(tag));
    if (number == 0)
      return false;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag))
        return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size))
      return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > message.size() - at || !in.Skip(static_cast<int>(size)))
      return false;
    look(number, message.substr(at, size));
  }
  return in.ConsumedEntireMessage();
}

object attributes_of(const google::protobuf::RepeatedPtrField<wire::KeyValue>& list, notes& seen,
                     std::uint64_t& dropped) {
  object made;
  std::size_t taken = 0;
  for (const auto& one : list) {
    if (taken++ < seen.allowed().members_max)
      made.insert_or_assign(seen.text(one.key()), value_of(one.value(), seen));
    else
      ++dropped;
  }
  return made;
}

value value_of(const wire::AnyValue& given, notes& seen, std::size_t depth) {
  if (!seen.may_nest(depth))
    return {};
  switch (given.value_case()) {
  case wire::AnyValue::kStringValue:
    return seen.text(given.string_value());
  case wire::AnyValue::kBoolValue:
    return given.bool_value();
  case wire::AnyValue::kIntValue:
    return given.int_value();
  case wire::AnyValue::kDoubleValue:
    return number(given.double_value());
  case wire::AnyValue::kBytesValue:
    return seen.binary(given.bytes_value());
  case wire::AnyValue::kArrayValue: {
    array items;
    for (const auto& one : given.array_value().values())
      items.push_back(value_of(one, seen, depth + 1));
    return items;
  }
  case wire::AnyValue::kKvlistValue: {
    object members;
    for (const auto& one : given.kvlist_value().values())
      members.insert_or_assign(seen.text(one.key()), value_of(one.value(), seen, depth + 1));
    return members;
  }
  case wire::AnyValue::VALUE_NOT_SET:
    break;
  }
  return {};
}

} // namespace holdfast::otlp
