#include "sim/bench/usb/usb_node.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <linux/usbdevice_fs.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace phyll::bench::usb {
namespace {

/// What an ioctl's argument points to, as T; nullptr when it points to nothing.
template <class T>
T* pointed_to(UMockdevIoctlData* argument) {
    UMockdevIoctlData* const data =
        umockdev_ioctl_data_resolve(argument, 0, sizeof(T), GErrorText().place());
    return data == nullptr ? nullptr : reinterpret_cast<T*>(data->data);
}

/// The buffer of a URB, so many bytes of it.
UMockdevIoctlData* buffer_of(UMockdevIoctlData* urb, std::size_t size) {
    return umockdev_ioctl_data_resolve(urb, offsetof(usbdevfs_urb, buffer), size,
                                       GErrorText().place());
}

std::optional<Urb::Kind> kind_of(unsigned char type) {
    switch (type) {
    case USBDEVFS_URB_TYPE_CONTROL:
        return Urb::Kind::control;
    case USBDEVFS_URB_TYPE_BULK:
        return Urb::Kind::bulk;
    case USBDEVFS_URB_TYPE_INTERRUPT:
        return Urb::Kind::interrupt;
    default:
        return std::nullopt;
    }
}

constexpr std::uint8_t direction_in = 0x80;
constexpr std::size_t setup_size = 8;
constexpr std::uint32_t capabilities =
    USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_BULK_CONTINUATION |
    USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_ZERO_PACKET;

std::string hexadecimal(const Bytes& bytes) {
    return fmt::format("{:02X}", fmt::join(bytes, ""));
}

std::string folder_of(const Spot& spot) {
    return fmt::format("/devices/pci0000:00/0000:00:14.0/usb1/1-{}", spot.port);
}

} // namespace

UsbNode::UsbNode(Loop& loop, UMockdevTestbed* testbed, Spot spot, UsbDevice& device,
                 std::function<void(int)> seen)
    : loop_(loop),
      testbed_(testbed),
      spot_(spot),
      device_(device),
      seen_(std::move(seen)),
      node_(fmt::format("/dev/bus/usb/001/{:03}", spot.number)),
      usbfs_(device) {
    const std::unique_ptr<gchar, decltype(&g_free)> root(umockdev_testbed_get_root_dir(testbed_),
                                                         &g_free);
    fifo_.emplace(root.get() + node_);
    usbfs_.on_reapable([this](bool yes) { fifo_->writable(yes); });
    attach();
    enter_sysfs();
}

void UsbNode::attach() {
    base_.reset(umockdev_ioctl_base_new());
    g_signal_connect(base_.get(), "handle-ioctl", G_CALLBACK(on_ioctl), this);
    g_signal_connect(base_.get(), "client-connected", G_CALLBACK(on_connected), this);
    GErrorText error;
    if (umockdev_testbed_attach_ioctl(testbed_, node_.c_str(), base_.get(), error.place()) ==
        FALSE) {
        throw Error(Code::unavailable,
                    fmt::format("cannot emulate the device node {}: {}", node_, error.words()));
    }
}

/// What libusb reads there, and what names the device to a person who looks.
void UsbNode::enter_sysfs() {
    const UsbIdentity& identity = device_.identity();
    const std::string text = fmt::format(
        "P: {}\n"
        "E: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nE: BUSNUM=001\nE: DEVNUM={:03}\n"
        "E: DEVNAME={}\nE: MAJOR=189\nE: MINOR={}\n"
        "A: busnum=1\\n\nA: devnum={}\\n\nA: speed=480\\n\nA: bConfigurationValue=1\\n\n"
        "A: idVendor={:04x}\\n\nA: idProduct={:04x}\\n\n"
        "A: manufacturer={}\\n\nA: product={}\\n\nA: serial={}\\n\n"
        "H: descriptors={}\n",
        folder_of(spot_), spot_.number, node_, spot_.number - 1, spot_.number, identity.ids.vendor,
        identity.ids.product, identity.manufacturer, identity.product, identity.serial,
        hexadecimal(descriptors_of(identity)));
    GErrorText error;
    if (umockdev_testbed_add_from_string(testbed_, text.c_str(), error.place()) == FALSE) {
        throw Error(Code::unavailable,
                    fmt::format("cannot emulate the USB device {}: {}", node_, error.words()));
    }
    umockdev_testbed_uevent(testbed_, ("/sys" + folder_of(spot_)).c_str(), "add");
}

void UsbNode::unplug() {
    if (!usbfs_.plugged()) {
        return;
    }
    usbfs_.unplug();
    fifo_->remove();
    const std::string folder = "/sys" + folder_of(spot_);
    umockdev_testbed_uevent(testbed_, folder.c_str(), "remove");
    umockdev_testbed_remove_device(testbed_, folder.c_str());
    static_cast<void>(umockdev_testbed_detach_ioctl(testbed_, node_.c_str(), GErrorText().place()));
}

void UsbNode::leave_loop() {
    {
        const std::lock_guard lock(leaving_);
        without_loop_ = true;
    }
    loop_.ask([] {}); // What was handed over is done.
}

/// On umockdev's thread.
void UsbNode::on_loop(std::function<void()> act) {
    const auto guarded = [this, act = std::move(act)] {
        const std::lock_guard lock(gate_);
        act();
    };
    {
        const std::lock_guard lock(leaving_);
        if (!without_loop_) {
            boost::asio::post(loop_.context(), guarded);
            return;
        }
    }
    guarded();
}

gboolean UsbNode::on_ioctl(UMockdevIoctlBase* /*base*/, UMockdevIoctlClient* client,
                           gpointer self) {
    auto& node = *static_cast<UsbNode*>(self);
    const std::shared_ptr<UMockdevIoctlClient> kept(
        static_cast<UMockdevIoctlClient*>(g_object_ref(client)), Unref<UMockdevIoctlClient>());
    node.on_loop([&node, kept] { node.serve(kept.get()); });
    return TRUE;
}

void UsbNode::on_connected(UMockdevIoctlBase* /*base*/, UMockdevIoctlClient* client,
                           gpointer self) {
    static_cast<UsbNode*>(self)->seen_(1);
    g_object_weak_ref(G_OBJECT(client), on_gone, self);
}

/// Nothing else says that a client has closed the node.
void UsbNode::on_gone(gpointer self, GObject* client) {
    auto& node = *static_cast<UsbNode*>(self);
    const File file = client;
    node.on_loop([&node, file] { node.usbfs_.close(file); });
    node.seen_(-1);
}

void UsbNode::serve(UMockdevIoctlClient* client) {
    const Answer given = answer(client);
    umockdev_ioctl_client_complete(client, given.error == 0 ? given.result : -1, given.error);
}

UsbNode::Answer UsbNode::answer(UMockdevIoctlClient* client) {
    const gulong request = umockdev_ioctl_client_get_request(client);
    UMockdevIoctlData* const argument = umockdev_ioctl_client_get_arg(client);
    if (request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY) {
        return reap(client, argument);
    }
    if (!usbfs_.plugged()) {
        return {.error = ENODEV};
    }
    constexpr long high_speed = 3;
    switch (request) {
    case USBDEVFS_GET_CAPABILITIES:
        if (auto* const bits = pointed_to<std::uint32_t>(argument)) {
            *bits = capabilities;
            return {};
        }
        return {.error = EFAULT};
    case USBDEVFS_CONNECTINFO:
        if (auto* const info = pointed_to<usbdevfs_connectinfo>(argument)) {
            *info = {.devnum = spot_.number, .slow = 0};
            return {};
        }
        return {.error = EFAULT};
    case USBDEVFS_GET_SPEED:
        return {.result = high_speed};
    case USBDEVFS_GETDRIVER:
        return get_driver(argument);
    case USBDEVFS_IOCTL:
        return nested(argument);
    case USBDEVFS_DISCONNECT_CLAIM:
        return disconnect_and_claim(client, argument);
    case USBDEVFS_CLAIMINTERFACE:
        return {.error = usbfs_.claim(client)};
    case USBDEVFS_RELEASEINTERFACE:
        return {.error = usbfs_.release(client)};
    case USBDEVFS_CLEAR_HALT:
        if (const auto* const endpoint = pointed_to<unsigned>(argument)) {
            return {.error = usbfs_.clear_halt(static_cast<std::uint8_t>(*endpoint))};
        }
        return {.error = EFAULT};
    case USBDEVFS_RESET:
    case USBDEVFS_SETCONFIGURATION:
    case USBDEVFS_SETINTERFACE:
        return {.error = usbfs_.reset()};
    case USBDEVFS_SUBMITURB:
        return submit(client, argument);
    case USBDEVFS_DISCARDURB: {
        gulong address = 0;
        std::memcpy(&address, argument->data, sizeof address);
        return {.error = usbfs_.discard(client, address)};
    }
    default:
        return {.error = ENOTTY};
    }
}

UsbNode::Answer UsbNode::get_driver(UMockdevIoctlData* argument) const {
    auto* const asked = pointed_to<usbdevfs_getdriver>(argument);
    const char* const name = usbfs_.driver();
    if (asked == nullptr || name == nullptr) {
        return {.error = asked == nullptr ? EFAULT : ENODATA};
    }
    std::strncpy(asked->driver, name, sizeof asked->driver - 1);
    return {};
}

/// An ioctl for the interface's driver.
UsbNode::Answer UsbNode::nested(UMockdevIoctlData* argument) {
    const auto* const inner = pointed_to<usbdevfs_ioctl>(argument);
    if (inner == nullptr) {
        return {.error = EFAULT};
    }
    switch (static_cast<unsigned>(inner->ioctl_code)) {
    case USBDEVFS_DISCONNECT:
        return {.error = usbfs_.disconnect_driver()};
    case USBDEVFS_CONNECT: {
        const int error = usbfs_.connect_driver();
        return {.result = error == 0 ? 1 : 0, .error = error};
    }
    default:
        return {.error = ENOTTY};
    }
}

UsbNode::Answer UsbNode::disconnect_and_claim(File file, UMockdevIoctlData* argument) {
    const auto* const asked = pointed_to<usbdevfs_disconnect_claim>(argument);
    if (asked == nullptr) {
        return {.error = EFAULT};
    }
    const char* const name = usbfs_.driver();
    const bool same =
        name != nullptr && std::strncmp(asked->driver, name, sizeof asked->driver) == 0;
    const bool unless = (asked->flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER) != 0;
    const bool only = (asked->flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER) != 0;
    if (name != nullptr && ((unless && same) || (only && !same))) {
        return {.error = EBUSY};
    }
    if (usbfs_.has_kernel_driver()) {
        static_cast<void>(usbfs_.disconnect_driver());
    }
    return {.error = usbfs_.claim(file)};
}

/// What it holds is copied: the client's memory is read and written only while it waits for an
/// ioctl.
UsbNode::Answer UsbNode::submit(File file, UMockdevIoctlData* argument) {
    gulong address = 0;
    std::memcpy(&address, argument->data, sizeof address);
    UMockdevIoctlData* const data =
        umockdev_ioctl_data_resolve(argument, 0, sizeof(usbdevfs_urb), GErrorText().place());
    if (data == nullptr) {
        return {.error = EFAULT};
    }
    const auto& asked = *reinterpret_cast<const usbdevfs_urb*>(data->data);
    const std::optional<Urb::Kind> kind = kind_of(asked.type);
    if (!kind || asked.buffer_length < 0) {
        return {.error = EINVAL};
    }
    const auto urb = std::make_shared<Urb>(
        Urb{.kind = *kind, .endpoint = asked.endpoint, .file = file, .address = address});
    const auto length = static_cast<std::size_t>(asked.buffer_length);
    if (urb->kind == Urb::Kind::control || (urb->endpoint & direction_in) == 0) {
        if (length > 0) {
            const UMockdevIoctlData* const buffer = buffer_of(data, length);
            if (buffer == nullptr) {
                return {.error = EFAULT};
            }
            urb->out.assign(buffer->data, buffer->data + length);
        }
    } else {
        urb->room = length;
    }
    return {.error = usbfs_.submit(urb)};
}

UsbNode::Answer UsbNode::reap(File file, UMockdevIoctlData* argument) {
    const std::shared_ptr<Urb> urb = usbfs_.reap(file);
    if (!urb) {
        return {.error = usbfs_.plugged() ? EAGAIN : ENODEV};
    }
    // The pointer to the URB is what the client gets; through it, its memory is reached.
    UMockdevIoctlData* const pointer =
        umockdev_ioctl_data_resolve(argument, 0, sizeof(void*), GErrorText().place());
    if (pointer == nullptr) {
        return {.error = EFAULT};
    }
    const auto address = static_cast<gulong>(urb->address);
    std::memcpy(pointer->data, &address, sizeof address);
    UMockdevIoctlData* const data =
        umockdev_ioctl_data_resolve(pointer, 0, sizeof(usbdevfs_urb), GErrorText().place());
    if (data == nullptr) {
        return {.error = EFAULT};
    }
    auto& result = *reinterpret_cast<usbdevfs_urb*>(data->data);
    const bool control = urb->kind == Urb::Kind::control;
    const bool in =
        control ? (urb->out[0] & direction_in) != 0 : (urb->endpoint & direction_in) != 0;
    const std::size_t went = urb->status != 0 ? 0 : urb->out.size() - (control ? setup_size : 0);
    result.status = urb->status;
    result.actual_length = static_cast<int>(in ? urb->in.size() : went);
    if (!urb->in.empty()) {
        const std::size_t offset = control ? setup_size : 0;
        const UMockdevIoctlData* const buffer = buffer_of(data, offset + urb->in.size());
        if (buffer == nullptr) {
            return {.error = EFAULT};
        }
        std::ranges::copy(urb->in, buffer->data + offset);
    }
    return {};
}

} // namespace phyll::bench::usb
