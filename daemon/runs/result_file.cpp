#include "daemon/runs/result_file.hpp"

#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"

#include <H5Cpp.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <mutex>
#include <string>
#include <utility>

namespace phyll::runs {
namespace {

void write_array(H5::Group& parent, const training::NamedArray& array) {
    std::vector<hsize_t> shape(array.shape.begin(), array.shape.end());
    const H5::DataSpace space = shape.empty()
                                    ? H5::DataSpace(H5S_SCALAR)
                                    : H5::DataSpace(static_cast<int>(shape.size()), shape.data());
    H5::LinkCreatPropList links;
    links.setCreateIntermediateGroup(true);
    const H5::DataSet set =
        parent.createDataSet(array.name, H5::PredType::IEEE_F32LE, space,
                             H5::DSetCreatPropList::DEFAULT, H5::DSetAccPropList::DEFAULT, links);
    set.write(array.values.data(), H5::PredType::NATIVE_FLOAT);
}

void write_text(H5::Group& parent, const std::string& name, const std::string& text) {
    // A data set of one string: attributes are limited to 64 KiB, a run file is not.
    const H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    parent.createDataSet(name, type, H5::DataSpace(H5S_SCALAR)).write(text, type);
}

} // namespace

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

void write_result(const std::filesystem::path& file, const v1::RunSpec& spec,
                  const v1::RunResult& result, const std::vector<training::NamedArray>& network) {
    const std::filesystem::path aside = file.string() + ".new";
    // Debian's HDF5 is built without thread safety, and several runs may end at once.
    static std::mutex library;
    const std::lock_guard lock(library);
    try {
        H5::Exception::dontPrint();
        H5::H5File out(aside.string(), H5F_ACC_TRUNC);
        H5::Group arrays = out.createGroup("/network");
        for (const training::NamedArray& array : network) {
            write_array(arrays, array);
        }
        H5::Group root = out.openGroup("/");
        write_text(root, "run", to_json(spec));
        write_text(root, "result", to_json(result));
    } catch (const H5::Exception& error) {
        throw Error(Code::unavailable,
                    fmt::format("cannot write {}: {}", aside.string(), error.getDetailMsg()));
    }
    put_in_place(aside, file);
}

} // namespace phyll::runs
