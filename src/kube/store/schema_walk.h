// What validate() asks beside the keywords of kube-openapi, and how an old value is found for a new
// one (KEP-4008). Inside of schema_*.cc.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "kube/store/schema.h"

namespace holmes::kube {

// Finds the items of an old list by their keys. Only lists of type map have items that correspond;
// of others, and without an old list, nothing is found.
class ListMap {
 public:
  ListMap(const Schema& list, const json::value* old);
  // nullptr when there is none. Valid as long as the old list.
  [[nodiscard]] const json::value* find(const json::value& item) const;

 private:
  const Schema& list_;
  std::map<std::string, const json::value*> items_;
};

// Whether both are the same, as ratcheting has it: the order of a list map does not count, and what
// the schema does not know has always changed.
bool is_unchanged(const json::value& now, const json::value& old, const Schema& schema);

// Resources inside of the object need an apiVersion and a kind.
Causes check_embedded(const json::object& object, const Schema& schema);

// Lists of type set hold nothing twice, those of type map no key.
Causes check_lists(const json::object& object, const Schema& schema);

// x-kubernetes-validations.
Causes check_rules(const json::object& object, const Schema& schema, const json::object* old);
// The same of a default that stands in the CRD at `field`.
Causes check_default_rules(const json::value& value, const Schema& schema,
                           const std::string& field);

}  // namespace holmes::kube
