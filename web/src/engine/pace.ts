/**
 * How fast memory is read: decoding reads all weights for each token, so that is its pace.
 *
 * Some tens of milliseconds in all; what is found decides only which way is tried first.
 */

export interface GpuPace {
  readonly readBytesPerMs: number;
  /** Of one small step among many that wait for each other. */
  readonly dispatchMs: number;
}

const COPY_BYTES = 8 << 20;
const READ_BYTES = 32 << 20;
const GROUPS = 256;
const LANES = 64;
const DISPATCHES = 100;
const TIMES = 3;

export function timeCopy(): number {
  const [from, to] = [new Uint8Array(COPY_BYTES).fill(1), new Uint8Array(COPY_BYTES)];
  let leastMs = Infinity;
  for (let i = 0; i <= TIMES; i++) {
    const start = performance.now();
    to.set(from);
    leastMs = Math.min(leastMs, performance.now() - start);
  }
  // the clock of some browsers has steps of a tenth of a millisecond, or of a whole one
  return COPY_BYTES / Math.max(leastMs, 0.1);
}

const SHADER = `
@group(0) @binding(0) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
override count: u32;
@compute @workgroup_size(${LANES})
fn add(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = vec4<f32>(sums[id.x]);
  for (var i = id.x; i < count; i += ${GROUPS * LANES}u) { sum += weights[i]; }
  sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}`;

export async function timeGpu(adapter: GPUAdapter): Promise<GpuPace> {
  const device = await adapter.requestDevice();
  try {
    const read = await makeStep(device, READ_BYTES / 16, GROUPS);
    const small = await makeStep(device, LANES, 1);
    await read(1);
    await small(1);
    const readMs = Math.max(await timed(() => read(TIMES)), 0.1);
    const dispatchMs = (await timed(() => small(DISPATCHES))) / DISPATCHES;
    return { readBytesPerMs: (TIMES * READ_BYTES) / readMs, dispatchMs };
  } finally {
    device.destroy();
  }
}

async function timed(step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}

/** Adds up `count` vectors in `groups` workgroups, so many times. */
async function makeStep(
  device: GPUDevice, count: number, groups: number,
): Promise<(times: number) => Promise<void>> {
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "add", constants: { count } },
  });
  const buffers = [16 * count, 4 * GROUPS * LANES].map((size) =>
    device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }),
  );
  const layout = pipeline.getBindGroupLayout(0);
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout, entries });
  return async (times) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}
