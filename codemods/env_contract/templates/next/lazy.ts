/** What `make` gives, made at its first use: a module that is only loaded, as a build does, needs no values of the environment. */
export function lazy<Made extends object>(make: () => Made): Made {
  let made: Made | undefined;
  const get = () => (made ??= make());
  return new Proxy((() => {}) as unknown as Made, {
    get(_, name) {
      const member = Reflect.get(get(), name);
      return typeof member === "function" && name !== "constructor" ? member.bind(get()) : member;
    },
    set: (_, name, value) => Reflect.set(get(), name, value),
    has: (_, name) => Reflect.has(get(), name),
    getPrototypeOf: () => Reflect.getPrototypeOf(get()),
    apply: (_, self, given) => Reflect.apply(get() as (...given: unknown[]) => unknown, self, given),
  });
}
