// The HttpClient for one peer that is asked a lot, inside the cluster or a model provider: which of
// the two clients it is.
#pragma once

#include <memory>
#include <string_view>

#include "net/curl_client.h"
#include "net/direct_client.h"
#include "net/url.h"

namespace holmes {

// The direct client, or libcurl's when a proxy may stand between us and the peer. Every request
// goes to `peer`'s host.
std::unique_ptr<HttpClient> make_peer_client(AsioLoop& loop, const Url& peer,
                                             CurlClientOptions options);

// What both clients understand.
DirectClientOptions direct_options(const CurlClientOptions& options);

// Whether the list ("10.0.0.1,.svc,example.com" or "*") surely names the host: itself or a domain
// above it. False leaves the word to libcurl, which also knows networks ("10.0.0.0/8").
bool is_without_proxy(std::string_view host, std::string_view no_proxy);

}  // namespace holmes
