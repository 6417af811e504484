#include <algorithm>

#include <fmt/format.h>

#include "kube/store/builtin_cells.h"

namespace holmes::kube::cells {
namespace {

std::vector<std::string> balancer_addresses(const json::object& object) {
  std::vector<std::string> addresses;
  for (const json::object* ingress : objects(object, {"status", "loadBalancer", "ingress"})) {
    const std::string host = json_string_or(*ingress, {"hostname"});
    std::string address = json_string_or(*ingress, {"ip"}, host);
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  std::ranges::sort(addresses);
  const auto repeated = std::ranges::unique(addresses);
  addresses.erase(repeated.begin(), repeated.end());
  return addresses;
}

std::string external_address(const json::object& service, const std::string& type) {
  if (type == "ExternalName") return json_string_or(service, {"spec", "externalName"});
  std::vector<std::string> addresses;
  if (type == "LoadBalancer") addresses = balancer_addresses(service);
  std::ranges::copy(texts(service, {"spec", "externalIPs"}), std::back_inserter(addresses));
  if (!addresses.empty()) return joined(addresses);
  return type == "LoadBalancer" ? "<pending>" : "<none>";
}

std::string ports_text(const json::object& service) {
  std::vector<std::string> parts;
  for (const json::object* port : objects(service, {"spec", "ports"})) {
    const int64_t number = count(*port, {"port"});
    const int64_t node_port = count(*port, {"nodePort"});
    const std::string protocol = json_string_or(*port, {"protocol"}, "TCP");
    parts.push_back(node_port > 0 ? fmt::format("{}:{}/{}", number, node_port, protocol)
                                  : fmt::format("{}/{}", number, protocol));
  }
  return parts.empty() ? "<none>" : joined(parts);
}

// At most three hosts. Rules without one are counted as well, once there are more.
std::string hosts_text(const json::object& ingress) {
  constexpr size_t kShown = 3;
  const auto rules = objects(ingress, {"spec", "rules"});
  std::vector<std::string> hosts;
  bool more = false;
  for (const json::object* rule : rules) {
    more = more || hosts.size() == kShown;
    std::string host = json_string_or(*rule, {"host"});
    if (!more && !host.empty()) hosts.push_back(std::move(host));
  }
  if (hosts.empty()) return "*";
  return more ? fmt::format("{} + {} more...", joined(hosts), rules.size() - kShown)
              : joined(hosts);
}

}  // namespace

json::array service(const json::object& object, WallTime now) {
  const std::string type = json_string_or(object, {"spec", "type"}, "ClusterIP");
  const auto addresses = texts(object, {"spec", "clusterIPs"});
  return {name_of(object),
          type,
          addresses.empty() ? "<none>" : addresses[0],
          external_address(object, type),
          ports_text(object),
          age_of(object, now),
          labels_text(json_object(object, {"spec", "selector"}))};
}

json::array endpoint_slice(const json::object& object, WallTime now) {
  constexpr size_t kShown = 3;
  std::vector<std::string> ports;
  for (const json::object* port : objects(object, {"ports"})) {
    const auto number = json_int(*port, {"port"});
    ports.push_back(number ? fmt::format("{}", *number) : json_string_or(*port, {"name"}, "*"));
  }
  std::vector<std::string> addresses;
  for (const json::object* endpoint : objects(object, {"endpoints"})) {
    std::ranges::copy(texts(*endpoint, {"addresses"}), std::back_inserter(addresses));
  }
  return {name_of(object), json_string_or(object, {"addressType"}),
          with_more(ports, kShown, "<unset>"), with_more(addresses, kShown, "<unset>"),
          age_of(object, now)};
}

json::array ingress(const json::object& object, WallTime now) {
  return {name_of(object),
          json_string_or(object, {"spec", "ingressClassName"}, "<none>"),
          hosts_text(object),
          joined(balancer_addresses(object)),
          objects(object, {"spec", "tls"}).empty() ? "80" : "80, 443",
          age_of(object, now)};
}

}  // namespace holmes::kube::cells
