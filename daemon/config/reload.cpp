#include "daemon/config/reload.hpp"

#include "daemon/config/rules.hpp"

#include <google/protobuf/util/message_differencer.h>

namespace phyll::config {

using google::protobuf::FieldDescriptor;

namespace {

/// The configuration with nothing in it but this.
v1::DaemonConfig only(const FieldDescriptor& field, v1::DaemonConfig config) {
    v1::DaemonConfig out;
    config.GetReflection()->SwapFields(&config, &out, {&field});
    return out;
}

} // namespace

Reloaded reload(v1::DaemonConfig& running, const v1::DaemonConfig& read) {
    Reloaded result;
    const google::protobuf::Descriptor& type = *v1::DaemonConfig::descriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        v1::DaemonConfig wanted = only(field, read);
        if (google::protobuf::util::MessageDifferencer::Equals(only(field, running), wanted)) {
            continue;
        }
        if (rule_of(field).reloadable()) {
            running.GetReflection()->SwapFields(&running, &wanted, {&field});
            result.changed.push_back(field.name());
        } else {
            result.at_start.push_back(field.name());
        }
    }
    return result;
}

} // namespace phyll::config
