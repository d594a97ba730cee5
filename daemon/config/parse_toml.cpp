#include "daemon/config/parse_toml.hpp"

#include "daemon/config/defaults.hpp"
#include "daemon/config/document.hpp"
#include "daemon/config/mapper.hpp"
#include "daemon/config/overrides.hpp"
#include "daemon/config/validate.hpp"

namespace phyll::config {

void parse_toml(std::string_view text, const std::string& file_name,
                std::span<const std::string> overrides, const OptionsResolver& resolver,
                google::protobuf::Message& out) {
    Problems problems(file_name);
    parse_toml(text, file_name, overrides, resolver, out, problems);
    problems.throw_if_any();
}

void parse_toml(std::string_view text, const std::string& file_name,
                std::span<const std::string> overrides, const OptionsResolver& resolver,
                google::protobuf::Message& out, Problems& problems) {
    auto document = parse_document(text, file_name, problems);
    if (!document) {
        return;
    }
    for (const std::string& override_text : overrides) {
        apply_override(override_text, *document, problems);
    }
    map_document(*document, resolver, problems, out);
    apply_defaults(out, resolver);
    validate(out, resolver, problems);
}

} // namespace phyll::config
