#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/patch.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

// Values looked at and elements moved by one patch, so that no patch takes the thread for long.
constexpr size_t kMaxWork = 20'000'000;

using Pointer = std::vector<std::string>;

// As the API server's JSON library calls it.
std::string_view type_name(const json::value& value) {
  if (value.is_bool()) return "bool";
  const std::string_view kind = json_kind(value);  // "an object"
  return kind.substr(kind.find(' ') + 1);
}

Refusal unreadable(const json::value& value, std::string_view wanted) {
  return bad_request(fmt::format("error decoding patch: json: cannot unmarshal {} into Go {}",
                                 type_name(value), wanted));
}

// RFC 6901.
std::optional<Pointer> parse_pointer(std::string_view text) {
  if (text.empty()) return Pointer();
  if (text.front() != '/') return std::nullopt;
  Pointer pointer;
  for (const std::string_view part : split(text.substr(1), '/')) {
    std::string& token = pointer.emplace_back();
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
        continue;
      }
      if (++i == part.size() || (part[i] != '0' && part[i] != '1')) return std::nullopt;
      token += part[i] == '0' ? '~' : '/';
    }
  }
  return pointer.size() < kMaxJsonDepth ? std::optional(std::move(pointer)) : std::nullopt;
}

// Where an element of an array is, or with `end` may be put. Below zero: from the end, where -1 is
// the last place.
std::optional<size_t> index_of(std::string_view token, size_t size, bool end) {
  if (token == "-" && end) return size;
  const std::string_view digits = token.starts_with('-') ? token.substr(1) : token;
  int64_t index = 0;
  const auto [stop, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || stop != token.data() + token.size()) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const auto places = static_cast<int64_t>(size) + (end ? 1 : 0);
  if (index < 0) index += places;
  return index >= 0 && index < places ? std::optional(static_cast<size_t>(index)) : std::nullopt;
}

class Patcher {
 public:
  explicit Patcher(const json::object& object) : document_(object) {}

  // False when the patch is to be rejected.
  bool apply(const json::object& operation);
  json::value& document() { return document_; }

 private:
  json::value* find(const Pointer& pointer, size_t steps);
  bool add(const Pointer& pointer, json::value value);
  bool remove(const Pointer& pointer);
  bool replace(const Pointer& pointer, json::value value);
  bool move(const Pointer& from, const Pointer& to);
  bool copy(const Pointer& from, const Pointer& to);
  bool test(const Pointer& pointer, const json::value& value);
  bool fits(const json::value& value, size_t depth_max);
  bool spend(size_t work) { return (work_ += work) <= kMaxWork; }

  json::value document_;
  size_t work_ = 0;
  size_t copied_bytes_ = 0;
};

bool Patcher::apply(const json::object& operation) {
  const std::optional<std::string_view> op = json_string(operation, {"op"});
  const std::optional<std::string_view> path = json_string(operation, {"path"});
  if (!op || !path) return false;
  const std::optional<Pointer> pointer = parse_pointer(*path);
  if (!pointer) return false;
  const json::value* given = operation.if_contains("value");
  const json::value value = given == nullptr ? json::value() : *given;
  if (*op == "add") return add(*pointer, value);
  if (*op == "remove") return remove(*pointer);
  if (*op == "replace") return replace(*pointer, value);
  if (*op == "test") return test(*pointer, value);
  const std::optional<std::string_view> source = json_string(operation, {"from"});
  const std::optional<Pointer> from = source ? parse_pointer(*source) : std::nullopt;
  if (!from) return false;
  if (*op == "move") return move(*from, *pointer);
  return *op == "copy" && copy(*from, *pointer);
}

// What the first `steps` of a pointer lead to, or nullptr.
json::value* Patcher::find(const Pointer& pointer, size_t steps) {
  json::value* value = &document_;
  for (size_t i = 0; i < steps && value != nullptr; ++i) {
    if (json::object* object = value->if_object()) {
      value = object->if_contains(pointer[i]);
    } else if (json::array* array = value->if_array()) {
      const std::optional<size_t> index = index_of(pointer[i], array->size(), false);
      value = index ? &(*array)[*index] : nullptr;
    } else {
      value = nullptr;
    }
  }
  return value;
}

// Counts what it looks at.
bool Patcher::fits(const json::value& value, size_t depth_max) {
  if (depth_max == 0 && (value.is_object() || value.is_array())) return false;
  if (const json::object* object = value.if_object()) {
    return spend(object->size()) && std::ranges::all_of(*object, [&](const auto& member) {
             return fits(member.value(), depth_max - 1);
           });
  }
  const json::array* array = value.if_array();
  return array == nullptr ||
         (spend(array->size()) && std::ranges::all_of(*array, [&](const json::value& item) {
            return fits(item, depth_max - 1);
          }));
}

bool Patcher::add(const Pointer& pointer, json::value value) {
  if (!spend(1) || !fits(value, kMaxJsonDepth - pointer.size())) return false;
  if (pointer.empty()) {
    document_ = std::move(value);
    return true;
  }
  json::value* parent = find(pointer, pointer.size() - 1);
  if (parent == nullptr) return false;
  if (json::object* object = parent->if_object()) {
    object->insert_or_assign(pointer.back(), std::move(value));
    return true;
  }
  json::array* array = parent->if_array();
  if (array == nullptr) return false;
  const std::optional<size_t> index = index_of(pointer.back(), array->size(), true);
  if (!index || !spend(array->size() - *index)) return false;
  array->insert(array->begin() + static_cast<ptrdiff_t>(*index), std::move(value));
  return true;
}

bool Patcher::remove(const Pointer& pointer) {
  if (pointer.empty()) return false;
  json::value* parent = find(pointer, pointer.size() - 1);
  if (parent == nullptr) return false;
  // Members are kept in order, so that an array and an object cost the same.
  if (json::object* object = parent->if_object()) {
    auto* const at = object->find(pointer.back());
    if (at == object->end() || !spend(object->size())) return false;
    object->stable_erase(at);
    return true;
  }
  json::array* array = parent->if_array();
  if (array == nullptr) return false;
  const std::optional<size_t> index = index_of(pointer.back(), array->size(), false);
  if (!index || !spend(array->size() - *index)) return false;
  array->erase(array->begin() + static_cast<ptrdiff_t>(*index));
  return true;
}

bool Patcher::replace(const Pointer& pointer, json::value value) {
  if (json::value* target = find(pointer, pointer.size())) {
    if (!spend(1) || !fits(value, kMaxJsonDepth - pointer.size())) return false;
    *target = std::move(value);
    return true;
  }
  const json::value* parent = find(pointer, pointer.size() - 1);
  return parent != nullptr && parent->is_object() && add(pointer, std::move(value));
}

bool Patcher::move(const Pointer& from, const Pointer& to) {
  const bool into_itself =
      from.size() < to.size() && std::equal(from.begin(), from.end(), to.begin());
  json::value* source = find(from, from.size());
  if (source == nullptr || into_itself) return false;
  if (from == to) return true;
  json::value value = std::move(*source);
  return remove(from) && add(to, std::move(value));
}

bool Patcher::copy(const Pointer& from, const Pointer& to) {
  const json::value* source = find(from, from.size());
  if (source == nullptr) return false;
  copied_bytes_ += to_text(*source).size();
  return copied_bytes_ <= kMaxCopiedBytes && add(to, *source);
}

bool Patcher::test(const Pointer& pointer, const json::value& value) {
  const json::value* target = find(pointer, pointer.size());
  if (target != nullptr) return same_json(*target, value);
  const json::value* parent = find(pointer, pointer.size() - 1);
  return value.is_null() && parent != nullptr && parent->is_object();
}

// The API server reads a patch strictly before it carries any of it out.
std::optional<Refusal> unreadable_operation(const json::value& operation) {
  if (operation.is_null()) return std::nullopt;
  if (!operation.is_object()) return unreadable(operation, "value of type handlers.jsonPatchOp");
  for (const auto& member : operation.get_object()) {
    const std::string_view name = member.key();
    if (name != "op" && name != "path" && name != "from") continue;
    if (member.value().is_string() || member.value().is_null()) continue;
    return unreadable(member.value(),
                      fmt::format("struct field jsonPatchOp.{} of type string", name));
  }
  return std::nullopt;
}

}  // namespace

Answer<json::object> apply_json_patch(const json::object& object, const json::value& patch) {
  if (patch.is_null()) return object;
  const json::array* operations = patch.if_array();
  if (operations == nullptr) {
    return refuse(unreadable(patch, "value of type []handlers.jsonPatchOp"));
  }
  for (const json::value& operation : *operations) {
    if (auto refusal = unreadable_operation(operation)) return refuse(std::move(*refusal));
  }
  if (operations->size() > kMaxJsonPatchOperations) {
    Refusal refusal;
    refusal.code = 413;
    refusal.reason = "RequestEntityTooLarge";
    refusal.message = fmt::format(
        "Request entity too large: The allowed maximum operations in a JSON patch is {}, got {}",
        kMaxJsonPatchOperations, operations->size());
    return refuse(std::move(refusal));
  }
  Patcher patcher(object);
  for (const json::value& operation : *operations) {
    if (!operation.is_object() || !patcher.apply(operation.get_object())) {
      return refuse(rejected());
    }
  }
  json::object* result = patcher.document().if_object();
  if (result == nullptr) return refuse(rejected());
  return std::move(*result);
}

}  // namespace holmes::kube
