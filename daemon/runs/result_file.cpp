#include "daemon/runs/result_file.hpp"

#include "daemon/runs/hdf5_library.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <utility>

namespace phyll::runs {
namespace {

void write_array(H5::Group& parent, const training::NamedArray& array) {
    std::vector<hsize_t> shape(array.shape.begin(), array.shape.end());
    const H5::DataSpace space = shape.empty()
                                    ? H5::DataSpace(H5S_SCALAR)
                                    : H5::DataSpace(static_cast<int>(shape.size()), shape.data());
    const H5::LinkCreatPropList links;
    links.setCreateIntermediateGroup(true);
    const H5::DataSet set =
        parent.createDataSet(array.name, H5::PredType::IEEE_F32LE, space,
                             H5::DSetCreatPropList::DEFAULT, H5::DSetAccPropList::DEFAULT, links);
    set.write(array.values.data(), H5::PredType::NATIVE_FLOAT);
}

/// The file as it would be on disk.
std::string image_of(const H5::H5File& file) {
    const ssize_t size = H5Fget_file_image(file.getId(), nullptr, 0);
    std::string image(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    if (H5Fget_file_image(file.getId(), image.data(), image.size()) != size || size <= 0) {
        throw H5::FileIException("H5Fget_file_image", "the image could not be taken");
    }
    return image;
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
    // Made in memory and written by us: HDF5 says nothing of a disk that is full when it closes.
    const std::string image = with_hdf5(file.string(), [&] {
        const H5::FileAccPropList in_memory;
        in_memory.setCore(std::size_t{64} << 10U, false);
        const H5::H5File out(file.string(), H5F_ACC_TRUNC, H5::FileCreatPropList::DEFAULT,
                             in_memory);
        H5::Group arrays = out.createGroup("/network");
        for (const training::NamedArray& array : network) {
            write_array(arrays, array);
        }
        const H5::Group root = out.openGroup("/");
        write_text(root, "run", to_json(spec));
        write_text(root, "result", to_json(result));
        out.flush(H5F_SCOPE_GLOBAL);
        return image_of(out);
    });
    write_file(file, image);
}

} // namespace phyll::runs
