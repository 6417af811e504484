#include "holmes/checks/text_calls.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "holmes/checks/json_text.h"

namespace holmes {
namespace {

constexpr std::string_view kHermes = "<tool_call>";
constexpr std::string_view kMistral = "[TOOL_CALLS]";
constexpr std::string_view kLlama = "<|python_tag|>";
constexpr std::string_view kInvoke = "<invoke name=\"";
constexpr std::string_view kInvokeEnd = "</invoke>";
constexpr std::string_view kParameter = "<parameter name=\"";
constexpr std::string_view kParameterEnd = "</parameter>";
constexpr std::string_view kNameEnd = "\">";
constexpr size_t kNone = std::string_view::npos;

class Reader {
 public:
  Reader(const std::vector<ToolSpec>& offered, size_t turn) : offered_(offered), turn_(turn) {}

  TextCalls read(std::string_view text) {
    const std::string_view bare = without_fence(text);
    if (bare.starts_with("{") || bare.starts_with("[{")) add_json(bare);
    if (!calls_.calls.empty()) return std::move(calls_);
    read_marked(text, kHermes);
    read_marked(text, kLlama);
    if (const size_t at = text.find(kMistral); at != kNone) {
      if (add_json(trim(text.substr(at + kMistral.size())))) begins_at(text, at);
    }
    read_invokes(text);
    return std::move(calls_);
  }

 private:
  [[nodiscard]] const ToolSpec* find(std::string_view name) const {
    const auto found = std::ranges::find(offered_, name, &ToolSpec::name);
    return found == offered_.end() ? nullptr : &*found;
  }

  void begins_at(std::string_view text, size_t at) {
    if (calls_.before.empty()) calls_.before = trim(text.substr(0, at));
  }

  bool add(std::string_view name, std::string arguments) {
    if (find(name) == nullptr || calls_.calls.size() == kMaxTextCalls) return false;
    calls_.calls.push_back({fmt::format("text_{}_{}", turn_, calls_.calls.size()),
                            std::string(name), std::move(arguments)});
    return true;
  }

  // {"name": ..., "arguments" or "parameters": object or text}
  bool add_object(const json::value& value) {
    const auto name = json_string(value, {"name"});
    if (!name) return false;
    const json::value* arguments = json_find(value, {"arguments"});
    if (arguments == nullptr) arguments = json_find(value, {"parameters"});
    if (arguments == nullptr) return false;
    return add(*name,
               arguments->is_string() ? std::string(arguments->get_string()) : to_text(*arguments));
  }

  bool add_json(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return false;
    if (!value->is_array()) return add_object(*value);
    bool any = false;
    for (const json::value& item : value->get_array()) any = add_object(item) || any;
    return any;
  }

  void read_marked(std::string_view text, std::string_view mark) {
    for (size_t at = text.find(mark); at != kNone; at = text.find(mark, at + mark.size())) {
      if (add_json(first_object(text.substr(at + mark.size())))) begins_at(text, at);
    }
  }

  void read_invokes(std::string_view text) {
    for (size_t at = text.find(kInvoke); at != kNone; at = text.find(kInvoke, at + 1)) {
      std::string_view rest = text.substr(at + kInvoke.size());
      rest = rest.substr(0, rest.find(kInvokeEnd));
      const size_t name_end = rest.find(kNameEnd);
      if (name_end == kNone) continue;
      const std::string_view name = rest.substr(0, name_end);
      const ToolSpec* tool = find(name);
      if (tool == nullptr) continue;
      if (add(name, to_text(parameters_of(rest.substr(name_end), *tool)))) begins_at(text, at);
    }
  }

  static json::object parameters_of(std::string_view text, const ToolSpec& tool) {
    json::object arguments;
    for (size_t at = text.find(kParameter); at != kNone; at = text.find(kParameter, at + 1)) {
      const std::string_view rest = text.substr(at + kParameter.size());
      const size_t name_end = rest.find(kNameEnd);
      if (name_end == kNone) break;
      const std::string_view name = rest.substr(0, name_end);
      std::string_view value = rest.substr(name_end + kNameEnd.size());
      value = value.substr(0, value.find(kParameterEnd));
      Result<json::value> parsed = json::value(value);
      if (!takes_text(tool, name)) parsed = parse_json(trim(value));
      arguments[name] = parsed ? std::move(*parsed) : json::value(value);
    }
    return arguments;
  }

  static bool takes_text(const ToolSpec& tool, std::string_view parameter) {
    const json::value* type = json_find(tool.parameters, {"properties", parameter, "type"});
    if (type == nullptr) return false;
    if (type->is_string()) return type->get_string() == "string";
    return type->is_array() &&
           std::ranges::find(type->get_array(), json::value("string")) != type->get_array().end();
  }

  const std::vector<ToolSpec>& offered_;
  size_t turn_;
  TextCalls calls_;
};

}  // namespace

TextCalls read_text_calls(std::string_view text, const std::vector<ToolSpec>& offered,
                          size_t turn) {
  return Reader(offered, turn).read(text);
}

}  // namespace holmes
