#include "daemon/runs/hdf5_file.hpp"

#include "daemon/runs/hdf5_library.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <H5Cpp.h>
#include <fmt/format.h>

#include <mutex>
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
    if (!array.values.empty()) {
        set.write(array.values.data(), H5::PredType::NATIVE_FLOAT);
    }
}

training::NamedArray read_array(const H5::DataSet& set, std::string name) {
    training::NamedArray array{.name = std::move(name), .shape = {}, .values = {}};
    const H5::DataSpace space = set.getSpace();
    std::vector<hsize_t> shape(static_cast<std::size_t>(space.getSimpleExtentNdims()));
    if (!shape.empty()) {
        space.getSimpleExtentDims(shape.data());
    }
    array.shape.assign(shape.begin(), shape.end());
    array.values.resize(static_cast<std::size_t>(space.getSimpleExtentNpoints()));
    if (!array.values.empty()) {
        set.read(array.values.data(), H5::PredType::NATIVE_FLOAT);
    }
    return array;
}

void read_group(const H5::Group& group, const std::string& prefix,
                std::vector<training::NamedArray>& arrays) {
    for (hsize_t i = 0; i < group.getNumObjs(); ++i) {
        const std::string name = group.getObjnameByIdx(i);
        if (group.getObjTypeByIdx(i) == H5G_GROUP) {
            read_group(group.openGroup(name), prefix + name + "/", arrays);
        } else {
            arrays.push_back(read_array(group.openDataSet(name), prefix + name));
        }
    }
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

H5::FileAccPropList in_memory() {
    const H5::FileAccPropList access;
    access.setCore(std::size_t{64} << 10U, false);
    return access;
}

void check_recorded(const std::string& image, const std::string& sha256) {
    if (const std::string found = to_hex(sha256_of(image)); found != sha256) {
        throw Error(Code::data_loss,
                    fmt::format("it is not the file that was recorded: {} bytes with SHA-256 {}, "
                                "not {}",
                                image.size(), found, sha256));
    }
}

} // namespace

void Hdf5Image::add_arrays(const std::string& group,
                           const std::vector<training::NamedArray>& arrays) {
    H5::Group parent = file_.createGroup(group);
    for (const training::NamedArray& array : arrays) {
        write_array(parent, array);
    }
}

void Hdf5Image::add_text(const std::string& name, const std::string& text) {
    write_text(file_, name, text);
}

std::vector<training::NamedArray> Hdf5Content::arrays(const std::string& group) const {
    std::vector<training::NamedArray> arrays;
    read_group(file_.openGroup(group), {}, arrays);
    return arrays;
}

std::string Hdf5Content::text(const std::string& name) const {
    std::string text;
    file_.openDataSet(name).read(text, H5::StrType(H5::PredType::C_S1, H5T_VARIABLE));
    return text;
}

std::string make_hdf5(const std::function<void(Hdf5Image&)>& fill) {
    return with_hdf5("the HDF5 file", [&] {
        H5::H5File file("in memory", H5F_ACC_TRUNC, H5::FileCreatPropList::DEFAULT, in_memory());
        Hdf5Image image(file);
        fill(image);
        file.flush(H5F_SCOPE_GLOBAL);
        return image_of(file);
    });
}

void read_hdf5(const std::string& image, const std::string& sha256,
               const std::function<void(const Hdf5Content&)>& read) {
    if (!sha256.empty()) {
        check_recorded(image, sha256);
    }
    const std::lock_guard lock(hdf5_mutex());
    try {
        H5::Exception::dontPrint();
        const H5::FileAccPropList access = in_memory();
        // The library takes a copy.
        if (H5Pset_file_image(access.getId(), const_cast<char*>(image.data()), image.size()) < 0) {
            throw H5::FileIException("H5Pset_file_image", "the image could not be set");
        }
        H5::H5File file("in memory", H5F_ACC_RDONLY, H5::FileCreatPropList::DEFAULT, access);
        read(Hdf5Content(file));
    } catch (const H5::Exception& error) {
        throw Error(Code::data_loss,
                    fmt::format("the HDF5 file cannot be read: {}", error.getDetailMsg()));
    }
}

} // namespace phyll::runs
