// A list as the text table that `kubectl get` prints, with credentials redacted. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace holmes {

struct TableTextOptions {
  bool with_namespace = false;        // a first column NAMESPACE
  bool with_node_conditions = false;  // of Nodes, whose table says Ready or not alone
  size_t bytes_max = size_t{24} << 10U;
};

struct TableText {
  // A header line and one line per row; columns are two blanks apart. Before two rows or more a
  // line counts them: "[8 rows; STATUS: 7 Running, 1 Pending; not all ready: web-1 0/1]".
  std::string text;
  size_t rows = 0;  // in the text; without any there is no header either
  // Rows that exist beyond the text: because of bytes_max, or because the list was a page.
  size_t left_out = 0;
  bool more_exist = false;  // ... and their number is not known
};

// The table with only those rows whose object's name begins like `name`, up to its first dash;
// nullopt when there are none of them, or nothing to compare.
std::optional<json::object> rows_like(const json::object& table, std::string_view name);

// From a meta.k8s.io/v1 Table (columns of priority 0), or from a plain list, which servers send
// that cannot print (columns NAME and CREATED). Fails with kProtocol when the body is neither.
Result<TableText> render_table(const json::object& body, const TableTextOptions& options = {});

}  // namespace holmes
