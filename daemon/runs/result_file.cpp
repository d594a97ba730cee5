#include "daemon/runs/result_file.hpp"

#include "daemon/runs/hdf5_file.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <string>

namespace phyll::runs {
std::string to_json(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.add_whitespace = true;
    std::string json;
    if (const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
        !status.ok()) {
        throw Error(Code::internal, fmt::format("a {} cannot be written as JSON: {}",
                                                message.GetTypeName(), status.ToString()));
    }
    return json;
}

void from_json(const std::string& text, google::protobuf::Message& message,
               const std::string& what) {
    if (const auto status = google::protobuf::util::JsonStringToMessage(text, &message);
        !status.ok()) {
        throw Error(Code::data_loss, fmt::format("{}: it is no {}: {}", what, message.GetTypeName(),
                                                 status.ToString()));
    }
}

std::string write_result(const std::filesystem::path& file, const v1::RunSpec& spec,
                         const v1::RunResult& result,
                         const std::vector<training::NamedArray>& network) {
    const std::string content = make_hdf5([&](Hdf5Image& image) {
        image.add_arrays("/network", network);
        image.add_text("run", to_json(spec));
        image.add_text("result", to_json(result));
    });
    write_file(file, content);
    return to_hex(sha256_of(content));
}

} // namespace phyll::runs
