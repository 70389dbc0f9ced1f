// One type-checked program over all code of an export, packages replaced by stubs.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { STUBS, packageOf } from "./stubs.mjs";

const CODE = /\.(ts|tsx|js|jsx|mts|cts|mjs|cjs)$/;
const OUTPUT = /(^|\/)(node_modules|dist|build|\.next|out|\.output|\.vercel|\.netlify)\//;

export function codeFiles(root) {
  const list = execFileSync("git", ["-C", root, "ls-files", "-co", "--exclude-standard"], { encoding: "utf8", maxBuffer: 1 << 26 });
  return [...new Set(list.split("\n"))].filter((path) => CODE.test(path) && !OUTPUT.test(path) && !/\.min\.js$/.test(path) && existsSync(join(root, path)));
}

export function programOf(ts, root) {
  const files = codeFiles(root).map((path) => join(root, path));
  const options = {
    allowJs: true, checkJs: false, noEmit: true, skipLibCheck: true, strict: false, jsx: ts.JsxEmit.Preserve, target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [], esModuleInterop: true, allowImportingTsExtensions: true,
  };
  const host = ts.createCompilerHost(options, true);
  const stub = (name) => join("/__stubs__", `${name}.d.ts`);
  const stubs = new Map(Object.entries(STUBS).map(([name, text]) => [stub(name), text]));
  const readFile = host.readFile.bind(host), fileExists = host.fileExists.bind(host), getSourceFile = host.getSourceFile.bind(host);
  host.readFile = (path) => stubs.get(path) ?? readFile(path);
  host.fileExists = (path) => stubs.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...rest) => stubs.has(path) ? ts.createSourceFile(path, stubs.get(path), version, true) : getSourceFile(path, version, ...rest);
  const tried = (base) => {
    const bare = base.replace(/\.(js|jsx|mjs|cjs)$/, "");
    const ends = ["", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".d.ts", "/index.ts", "/index.tsx", "/index.js", "/index.jsx"];
    for (const start of new Set([base, bare])) for (const end of ends) {
      const path = start + end;
      if (CODE.test(path) && existsSync(path) && statSync(path).isFile()) return path;
    }
  };
  const aliases = readAliases(root, files);
  const find = (specifier, from) => {
    if (specifier.startsWith(".")) return tried(resolve(dirname(from), specifier));
    const name = packageOf(specifier);
    for (const known of [specifier, name]) if (STUBS[known]) return stub(known);
    for (const { folder, pattern, targets } of aliases) {
      if (!from.startsWith(folder)) continue;
      const head = pattern.replace(/\*$/, "");
      if (pattern.endsWith("*") ? !specifier.startsWith(head) : specifier !== head) continue;
      for (const target of targets) {
        const found = tried(target.replace(/\*/, specifier.slice(head.length)));
        if (found) return found;
      }
    }
    if (/^[@~]\//.test(specifier)) {
      for (let folder = dirname(from); folder.startsWith(root); folder = dirname(folder)) {
        for (const base of ["src", "app", ""]) {
          const found = tried(join(folder, base, specifier.slice(2)));
          if (found) return found;
        }
      }
    }
  };
  host.resolveModuleNameLiterals = (literals, from) => literals.map((literal) => {
    const path = find(literal.text, from);
    if (!path) return { resolvedModule: undefined };
    const extension = path.endsWith(".d.ts") ? ".d.ts" : path.slice(path.lastIndexOf("."));
    return { resolvedModule: { resolvedFileName: path, extension, isExternalLibraryImport: false } };
  });
  const program = ts.createProgram(files, options, host);
  const own = program.getSourceFiles().filter((file) => file.fileName.startsWith(root) && files.includes(file.fileName));
  return { program, checker: program.getTypeChecker(), files: own };
}

function readAliases(root, files) {
  const found = [];
  const folders = new Set(files.map((file) => dirname(file)));
  for (const folder of [...folders]) for (let up = folder; up.startsWith(root); up = dirname(up)) folders.add(up);
  for (const folder of folders) for (const name of ["tsconfig.json", "tsconfig.app.json", "jsconfig.json"]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
    let config;
    try { config = JSON.parse(text.replace(/("(?:\\.|[^"\\])*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (_, string) => string ?? "").replace(/,(\s*[}\]])/g, "$1")); } catch { continue; }
    const { paths = {}, baseUrl = "." } = config.compilerOptions ?? {};
    for (const [pattern, targets] of Object.entries(paths)) found.push({ folder, pattern, targets: targets.map((target) => resolve(folder, baseUrl, target)) });
  }
  return found.sort((one, other) => other.folder.length - one.folder.length);
}
