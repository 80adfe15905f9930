// "system.": what there is to call, and many calls at once.
#include <algorithm>
#include <memory>

#include "compat/method.hpp"
#include "compat/methods.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kMulticall = "system.multicall";

void list_methods(Daemon& daemon, Parameters, Reply reply) {
  Array names;
  for (const Method* method : methods_of(daemon)) names.emplace_back(method->name);
  reply(std::move(names));
}

const Method* find(const Daemon& daemon, const std::string& name) {
  const auto all = methods_of(daemon);
  const auto found = std::ranges::find(all, name, &Method::name);
  return found != all.end() ? *found : nullptr;
}

void method_help(Daemon& daemon, Parameters parameters, Reply reply) {
  const Method* method = find(daemon, parameters.text(0));
  reply(method != nullptr ? Answer(Value(method->help)) : refusal(FaultCode::signature_unsupported));
}

void method_signature(Daemon& daemon, Parameters parameters, Reply reply) {
  const Method* method = find(daemon, parameters.text(0));
  if (method == nullptr) return reply(refusal(FaultCode::signature_unsupported));
  Array types;
  for (std::string_view rest = method->signature; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    types.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  reply(std::move(types));
}

Value struct_of(const Fault& fault) {
  return Struct{{"faultCode", fault.code}, {"faultString", fault.text}};
}

Fault fault_of(FaultCode code, std::string about) {
  return {.code = static_cast<std::int64_t>(code), .text = Refusal{.code = code, .about = std::move(about)}.text()};
}

// One call after the other: the next begins when the one before it is answered.
class Multicall : public std::enable_shared_from_this<Multicall> {
 public:
  Multicall(Daemon& daemon, Array calls, Reply reply)
      : daemon_(daemon), calls_(std::move(calls)), reply_(std::move(reply)) {}

  // A loop for those that are answered at once: a thousand of them must not lie in each other on the stack.
  void go_on() {
    while (next_ < calls_.size()) {
      is_answered_ = false;
      is_inside_ = true;
      call(calls_[next_++]);
      is_inside_ = false;
      if (!is_answered_) return;
    }
    XmlValue all;
    {
      const ArrayWriter elements(all.xml());
      all.xml() += results_;
    }
    reply_(std::move(all));
  }

 private:
  void call(const Value& one) {
    const Value* name = one.member("methodName");
    if (name == nullptr || name->string() == nullptr) {
      return take(fault_of(FaultCode::incorrect_parameters, "No methodName"));
    }
    if (*name->string() == kMulticall) {
      return take(fault_of(FaultCode::incorrect_parameters, "Recursive system.multicall forbidden"));
    }
    const Value* parameters = one.member("params");
    const Array* list = parameters != nullptr ? parameters->array() : nullptr;
    call_method(daemon_, {.method = *name->string(), .parameters = list != nullptr ? *list : Array{}},
                [self = shared_from_this()](const MethodResponse& response) { self->take(response); });
  }

  void take(const MethodResponse& response) {
    const auto* fault = std::get_if<Fault>(&response);
    results_ += fault != nullptr ? XmlValue(struct_of(*fault)).text() : std::get<XmlValue>(response).text();
    is_answered_ = true;
    if (!is_inside_) go_on();
  }

  Daemon& daemon_;
  Array calls_;
  Reply reply_;
  std::string results_;  ///< Each as it is written.
  std::size_t next_ = 0;
  bool is_answered_ = false;
  bool is_inside_ = false;
};

void multicall(Daemon& daemon, Parameters parameters, Reply reply) {
  std::make_shared<Multicall>(daemon, *parameters.at(0).array(), std::move(reply))->go_on();
}

constexpr Method kMethods[] = {
    {"system.listMethods", "array", 0, "The names of all methods.", list_methods},
    {"system.methodHelp", "string string", 0, "What a method does.", method_help},
    {"system.methodSignature", "array string", 0, "The types of a method's result and parameters.", method_signature},
    {kMulticall, "array array", 0,
     "Calls several methods, one after the other: an array of structs {methodName, params}. The answer is an array of "
     "their results; of those that fail, of structs {faultCode, faultString}.",
     multicall},
};

}  // namespace

std::span<const Method> system_methods() {
  return kMethods;
}

}  // namespace foster::compat
