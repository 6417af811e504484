// OpenSSL's objects with owners, PEM text to objects, and errors as text. Private to net.
//
// For .cc files that include OpenSSL; X509 is x509_st there, and so on.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct bio_st;
struct evp_pkey_st;
struct x509_st;

namespace holmes::openssl {

struct Free {
  void operator()(bio_st* bio) const;
  void operator()(evp_pkey_st* key) const;
  void operator()(x509_st* certificate) const;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// The oldest of OpenSSL's errors.
std::string reason();
// kInvalid: "TLS: <what> (<reason>)".
std::unexpected<Error> unusable(std::string_view what);

// Reads `pem`, which stays.
Owned<bio_st> reader(const std::string& pem);
// Null at the end and at something unreadable; see read_to_end().
Owned<x509_st> next_certificate(bio_st* bio);
// Whether reading certificates ended with the text, not at something unreadable: a file may be half
// written. Takes the error away.
bool read_to_end();
// Null when it is no key, or needs a password; OpenSSL would ask for it on the terminal.
Owned<evp_pkey_st> read_key(const std::string& pem);

}  // namespace holmes::openssl
