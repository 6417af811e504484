// In which form an answer shows objects, as the Accept header asks. Pure.
// Rules: Kubernetes API concepts, "Alternate representations of resources", "Receiving resources
// as Tables".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "kube/store/kind.h"
#include "kube/store/object_store.h"
#include "kube/store/refusal.h"
#include "kube/store/table.h"

namespace holmes::kube {

enum class Form { kObject, kMetadata, kTable };

struct Representation {
  Form form = Form::kObject;
  TableObjects include = TableObjects::kMetadata;  // of a table's rows
};

// The first form of the header that can be given; 406 when there is none.
Answer<Representation> choose_representation(std::string_view accept, std::string_view include);

// metadata of a list.
struct ListMeta {
  int64_t version = 0;
  std::string continue_token{};
  int64_t remaining = 0;  // items behind this page; 0: none, or unknown
};

// One object; `bytes` is as encode_view gives it. `columns`: a table says what they are (the first
// event of a watch and every answer do).
std::string show_object(const Kind& kind, const Representation& as, const std::string& bytes,
                        WallTime now, bool columns = true);
// A whole list.
std::string show_list(const Kind& kind, const Representation& as, std::span<const Stored> items,
                      const ListMeta& meta, WallTime now);
// The parts of a list as objects: its head, each item, ",", and "]}".
std::string list_head(const Kind& kind, const ListMeta& meta);
std::string list_item(const Kind& kind, const StoredObject& item);

}  // namespace holmes::kube
