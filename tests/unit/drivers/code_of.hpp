#pragma once

#include "drivers/core/error.hpp"

namespace phyll::test {

/// The code of the error that something throws; OK when it throws none.
template <class What>
[[nodiscard]] Code code_of(What what) {
    try {
        what();
        return Code::ok;
    } catch (const Error& error) {
        return error.code();
    }
}

} // namespace phyll::test
