// A kubeconfig's text as places that can say where they are. Private to kube/client.
//
// Reads fail with kInvalid and "<path>: <key>: <what would be right>". Pure; yaml-cpp's exceptions
// leave only where a document is odder than its shape, and are for the caller to catch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "async/files.h"
#include "base/json.h"
#include "base/result.h"

namespace holmes::kube {

struct KubeconfigDocument {
  std::string path;
  YAML::Node root;  // a mapping

  // An empty text is an empty kubeconfig. Names in the lists of clusters, users and contexts are
  // there once each.
  static Result<KubeconfigDocument> parse(const std::string& path, const std::string& text);
  // Relative to the folder of the file.
  [[nodiscard]] std::string resolve(const std::string& relative) const;
};

// "/x/config: users[0].user.token". Refers to its document.
struct Place {
  const KubeconfigDocument* document = nullptr;
  std::string key;
  YAML::Node node;

  static Place of(const KubeconfigDocument& document) { return {&document, "", document.root}; }
  [[nodiscard]] Place at(std::string_view name) const;
  [[nodiscard]] bool present() const { return node.IsDefined() && !node.IsNull(); }
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view why) const;
  [[nodiscard]] std::unexpected<Error> wrong(const Error& error) const;
  [[nodiscard]] std::string name() const { return document->path + ": " + key; }
};

// An absent or null key gives "", false, nothing.
Result<std::string> text_at(const Place& parent, std::string_view name);
Result<bool> flag_at(const Place& parent, std::string_view name);
Result<std::vector<Place>> list_at(const Place& parent, std::string_view name);
Result<std::vector<std::string>> texts_at(const Place& parent, std::string_view name);
// A text that can be the value of an HTTP header.
Result<std::string> header_text_at(const Place& parent, std::string_view name);
// PEM text from "<name>-data" (base64) or from the file that "<name>" names, whose path is put into
// `file`; "" when neither is set. Fails with the code of Files, too.
Result<std::string> pem_at(const Files& files, const Place& parent, std::string_view name,
                           std::string& file);
// Whether it can be the value of an HTTP header.
bool is_header_value(std::string_view text);
// Whatever stands there, as JSON; null for an absent key. Depth and size are limited.
Result<json::value> json_at(const Place& parent, std::string_view name);

}  // namespace holmes::kube
