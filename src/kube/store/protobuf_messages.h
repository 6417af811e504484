// The protobuf messages of the built-in kinds, as tables in text. Private to protobuf_body.cc.
//
// A line of kinds is "apiVersion kind message"; of any apiVersion when that is "*". A line of
// messages is the message's name and its fields as "name:number:type": the name in JSON, and a type
// that is s(tring), i(nteger), b(oolean), d(ouble), y (bytes), T(ime), U (MicroTime), Q(uantity),
// I(ntOrString), F(ieldsV1), R(awExtension), L (a list of strings) or the name of a message. Before
// it stand "*" for a list, "%" for a map of strings, "~" for a message whose fields are the outer
// one's in JSON, and "?" for a field that JSON leaves out when it is zero.
#pragma once

#include <string_view>

namespace holmes::kube {

extern const std::string_view kProtobufKinds;
extern const std::string_view kProtobufMessages;

}  // namespace holmes::kube
