// Structural schemas of Kubernetes in few words, and the parts that both kinds share. Private to
// src/api; pure.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/json.h"
#include "kube/core/object.h"

namespace holmes::crd {

// A keyword of a schema beside its type and description.
struct Member {
  std::string_view name;
  json::value value;

  Member(std::string_view n, std::string_view text) : name(n), value(text) {}
  template <class T>
  Member(std::string_view n, const T& v) : name(n), value(v) {}
};
using Members = std::initializer_list<Member>;

json::object schema(std::string_view type, std::string_view description, Members more = {});
json::object text(std::string_view description, Members more = {});
json::object integer(std::string_view description, Members more = {});
json::object flag(std::string_view description, Members more = {});
json::object list(std::string_view description, json::object items, Members more = {});
json::object structure(std::string_view description, json::object properties, Members more = {});
json::object count(std::string_view description);  // an integer from 0
json::object time(std::string_view description);   // RFC 3339
// A string that is one of these.
json::object choice(std::string_view description, json::array words, Members more = {});
template <class... Names>
json::array names(Names... name) {
  return json::array{json::value(name)...};
}

// Adds query, timeout, mode, destinations, model, ttlSecondsAfterFinished and backoffLimit.
void add_check_fields(json::object& properties);
// status.conditions
json::object conditions(std::string_view description);
// pass, fail or error
json::object check_status(std::string_view description);

json::object column(std::string_view name, std::string_view type, std::string_view json_path);
// Shown by `kubectl get -o wide` only.
json::object wide_column(std::string_view name, std::string_view type, std::string_view json_path);

struct Definition {
  const kube::ResourceType& type;
  std::string_view singular;
  std::string_view short_name;
  std::string_view description;
  json::array columns;
  json::object spec;
  json::object status;
};
// The whole object: apiextensions.k8s.io/v1, namespaced, with a status subresource. A status has
// one writer, the operator, and is written as a whole: the API server keeps one owner for it and
// not one for each field, which makes an object smaller and a write cheaper by a quarter. (KEP-555,
// server-side apply: an atomic map.)
json::object definition(Definition parts);

}  // namespace holmes::crd
