import { nonFiniteNames } from './non-finite.ts';

/**
 * Words that no identifier may be (WGSL's keywords and reserved words), and predeclared names that our text uses and must not shadow.
 */
const taken: ReadonlySet<string> = new Set([
  ...nonFiniteNames,
  ...`alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop override
  requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class co_await co_return
  co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit crate debugger decltype
  delete demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough filter final finally friend
  from fxgroup get goto groupshared highp impl implements import inline instanceof interface layout lowp macro macro_rules match mediump
  meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr
  of operator package packoffset partition pass patch pixelfragment precise precision premerge priv protected pub public readonly ref
  regardless register reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert static_cast std
  subroutine super target template this thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized
  use using varying virtual volatile wgsl where with writeonly yield
  main wg lid array bool f16 f32 i32 u32 vec2 vec3 vec4 abs bitcast ceil cos exp floor inverseSqrt log max min pow round select sin sqrt tanh
  workgroupBarrier
  subgroup_lane subgroupBroadcast subgroupShuffle subgroupShuffleXor`.split(/\s+/),
]);

/** Gives every name of one kernel its WGSL spelling: the name itself where that is legal and free. */
export function createIdentifiers(): (name: string) => string {
  const spelled = new Map<string, string>();
  const used = new Set<string>();
  return (name) => {
    const known = spelled.get(name);
    if (known !== undefined) return known;
    // The spelling begins with a letter and is ASCII only, which is a subset of what WGSL allows.
    const plain = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?![A-Za-z])_*/, (start) => `v${start}`);
    let spelling = taken.has(plain) || used.has(plain) ? `${plain}_` : plain;
    for (let count = 1; taken.has(spelling) || used.has(spelling); count++) spelling = `${plain}_${count}`;
    used.add(spelling);
    spelled.set(name, spelling);
    return spelling;
  };
}
