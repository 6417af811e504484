#include "kube/client/kubeconfig_document.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxJsonNodes = 10'000;  // an alias counts each time
constexpr std::array kLists{"clusters", "users", "contexts"};

Status check_names(const Place& list) {
  HOLMES_TRY(const std::vector<Place> entries, list_at(list, ""));
  std::map<std::string, std::string> seen;
  for (const Place& entry : entries) {
    if (!entry.node.IsMap()) return entry.wrong("must be a mapping with a name");
    HOLMES_TRY(std::string name, text_at(entry, "name"));
    const auto [first, is_new] = seen.emplace(std::move(name), entry.key);
    if (!is_new) {
      return entry.at("name").wrong(
          fmt::format("'{}' is the name of {} already", first->first, first->second));
    }
  }
  return {};
}

Status check_shape(const KubeconfigDocument& document) {
  const Place root = Place::of(document);
  HOLMES_TRY(const std::string kind, text_at(root, "kind"));
  if (!kind.empty() && kind != "Config") {
    return root.at("kind").wrong(fmt::format("must be Config, not {}", kind));
  }
  for (const char* list : kLists) HOLMES_CHECK(check_names(root.at(list)));
  return {};
}

// A scalar without quotes may be something else than a string, by the rules of YAML's JSON schema.
json::value scalar_to_json(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::string(text);
  bool flag = false;
  if (YAML::convert<bool>::decode(node, flag)) return flag;
  int64_t integer = 0;
  if (YAML::convert<int64_t>::decode(node, integer)) return integer;
  double number = 0;
  if (YAML::convert<double>::decode(node, number) && std::isfinite(number)) return number;
  return json::string(text);
}

Result<json::value> to_json(const Place& place, const YAML::Node& node, size_t depth,
                            size_t& nodes) {
  if (depth == 0 || nodes == 0) return place.wrong("is too large");
  --nodes;
  if (node.IsScalar()) return scalar_to_json(node);
  if (node.IsSequence()) {
    json::array array;
    for (const YAML::Node& item : node) {
      HOLMES_TRY(json::value value, to_json(place, item, depth - 1, nodes));
      array.push_back(std::move(value));
    }
    return array;
  }
  if (!node.IsMap()) return json::value();
  json::object object;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) return place.wrong("has a key that is not a string");
    HOLMES_TRY(json::value value, to_json(place, member.second, depth - 1, nodes));
    object[member.first.Scalar()] = std::move(value);
  }
  return object;
}

}  // namespace

Result<KubeconfigDocument> KubeconfigDocument::parse(const std::string& path,
                                                     const std::string& text) {
  try {
    KubeconfigDocument document{path, YAML::Load(text)};
    if (document.root.IsNull()) document.root = YAML::Node(YAML::NodeType::Map);
    if (!document.root.IsMap()) {
      return fail(ErrorCode::kInvalid, path + ": must be a YAML mapping (kind: Config)");
    }
    HOLMES_CHECK(check_shape(document));
    return document;
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: line {}, column {}: {}", path,
                                                 e.mark.line + 1, e.mark.column + 1, e.msg));
  }
}

std::string KubeconfigDocument::resolve(const std::string& relative) const {
  if (relative.starts_with('/')) return relative;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? relative : path.substr(0, slash + 1) + relative;
}

Place Place::at(std::string_view name) const {
  if (name.empty()) return *this;
  const std::string member(name);
  return {document, key.empty() ? member : key + "." + member,
          node.IsDefined() && node.IsMap() ? node[member] : YAML::Node(YAML::NodeType::Undefined)};
}

std::unexpected<Error> Place::wrong(std::string_view why) const {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}", name(), why));
}

std::unexpected<Error> Place::wrong(const Error& error) const {
  return fail(error.code, fmt::format("{}: {}", name(), error.message));
}

Result<std::string> text_at(const Place& parent, std::string_view name) {
  const Place place = parent.at(name);
  if (!place.present()) return "";
  if (!place.node.IsScalar()) return place.wrong("must be a string");
  return place.node.Scalar();
}

Result<bool> flag_at(const Place& parent, std::string_view name) {
  const Place place = parent.at(name);
  if (!place.present()) return false;
  bool value = false;
  if (!place.node.IsScalar() || !YAML::convert<bool>::decode(place.node, value)) {
    return place.wrong("must be true or false");
  }
  return value;
}

Result<std::vector<Place>> list_at(const Place& parent, std::string_view name) {
  const Place list = parent.at(name);
  std::vector<Place> places;
  if (!list.present()) return places;
  if (!list.node.IsSequence()) return list.wrong("must be a list");
  for (size_t i = 0; i < list.node.size(); ++i) {
    const YAML::Node& node = list.node;  // const: a look does not add
    places.push_back({list.document, fmt::format("{}[{}]", list.key, i), node[i]});
  }
  return places;
}

Result<std::vector<std::string>> texts_at(const Place& parent, std::string_view name) {
  HOLMES_TRY(const std::vector<Place> places, list_at(parent, name));
  std::vector<std::string> texts;
  for (const Place& place : places) {
    if (!place.node.IsScalar()) return place.wrong("must be a string");
    texts.push_back(place.node.Scalar());
  }
  return texts;
}

bool is_header_value(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7F; });
}

Result<std::string> header_text_at(const Place& parent, std::string_view name) {
  HOLMES_TRY(std::string text, text_at(parent, name));
  if (!is_header_value(text)) {
    return parent.at(name).wrong("has a character that cannot stand in an HTTP header");
  }
  return text;
}

Result<std::string> pem_at(const Files& files, const Place& parent, std::string_view name,
                           std::string& file) {
  const std::string data_name = std::string(name) + "-data";
  HOLMES_TRY(const std::string data, text_at(parent, data_name));
  HOLMES_TRY(const std::string path, text_at(parent, name));
  if (!data.empty() && !path.empty()) {
    return parent.at(name).wrong(fmt::format("cannot be set together with {}", data_name));
  }
  const Place place = parent.at(data.empty() ? std::string_view(name) : data_name);
  Result<std::string> pem = "";
  if (!data.empty()) {
    pem = base64_decode(data);
    if (!pem) return place.wrong(pem.error());
  } else if (!path.empty()) {
    file = parent.document->resolve(path);
    pem = files.read(file);
    if (!pem) return place.wrong(pem.error());
  } else {
    return pem;
  }
  if (pem->find("-----BEGIN ") == std::string::npos) return place.wrong("does not hold PEM text");
  return pem;
}

Result<json::value> json_at(const Place& parent, std::string_view name) {
  const Place place = parent.at(name);
  if (!place.present()) return json::value();
  size_t nodes = kMaxJsonNodes;
  return to_json(place, place.node, kMaxJsonDepth, nodes);
}

}  // namespace holmes::kube
