#include "daemon/runs/hdf5_library.hpp"

namespace phyll::runs {

std::mutex& hdf5_mutex() {
    static std::mutex library;
    return library;
}

void write_text(const H5::Group& parent, const std::string& name, const std::string& text) {
    const H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    parent.createDataSet(name, type, H5::DataSpace(H5S_SCALAR)).write(text, type);
}

} // namespace phyll::runs
