/* The few WebGL calls that the preview needs, with errors that say what failed. */

export type Uniform = number | number[] | Float32Array | Int32Array;

export class GpuError extends Error {}

export function openGpu(canvas: HTMLCanvasElement): WebGL2RenderingContext {
  const gl = canvas.getContext("webgl2", {
    alpha: true,
    antialias: false,
    depth: false,
    premultipliedAlpha: true,
    preserveDrawingBuffer: true,
  });
  if (!gl) throw new GpuError("This browser has no WebGL 2.");
  if (!gl.getExtension("EXT_color_buffer_float")) throw new GpuError("This graphics driver cannot draw to float pictures.");
  return gl;
}

/** A program with its uniforms by name; `set` ignores names that the compiler left out.

    Compilers work beside us: nothing is asked of a program before it is used, since every question waits for its answer. */
export class Program {
  private places: Map<string, { at: WebGLUniformLocation; type: number }> | null = null;
  private readonly handle: WebGLProgram;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
  ) {
    const program = (this.handle = gl.createProgram());
    for (const [type, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(program);
  }

  /** Whether it is compiled, where a browser tells without being waited for. */
  get done(): boolean {
    const told = this.gl.getExtension("KHR_parallel_shader_compile");
    return !told || this.gl.isContextLost() || this.gl.getProgramParameter(this.handle, told.COMPLETION_STATUS_KHR);
  }

  /** Looks for its uniforms, which waits for all that was told before.  GpuError where a driver refuses the shaders. */
  settle(): void {
    this.places ??= this.find();
  }

  /** GpuError as `settle`. */
  use(values: Record<string, Uniform>): void {
    this.settle();
    this.gl.useProgram(this.handle);
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  private find(): Map<string, { at: WebGLUniformLocation; type: number }> {
    const { gl, handle } = this;
    if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) {
      const logs = gl.getAttachedShaders(handle)?.map((shader) => gl.getShaderInfoLog(shader)) ?? [];
      throw new GpuError(`A shader does not compile: ${logs.join(" ")} ${gl.getProgramInfoLog(handle)}`);
    }
    const places = new Map<string, { at: WebGLUniformLocation; type: number }>();
    const count = gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) as number;
    for (let i = 0; i < count; i++) {
      const { name, type } = gl.getActiveUniform(handle, i)!;
      places.set(name.replace("[0]", ""), { at: gl.getUniformLocation(handle, name)!, type });
    }
    return places;
  }

  private set(name: string, value: Uniform): void {
    const found = this.places?.get(name);
    if (!found) return;
    const { gl } = this;
    const { at, type } = found;
    const many = typeof value === "number" ? [value] : value;
    switch (type) {
      case gl.FLOAT: return gl.uniform1fv(at, many);
      case gl.FLOAT_VEC2: return gl.uniform2fv(at, many);
      case gl.FLOAT_VEC3: return gl.uniform3fv(at, many);
      case gl.FLOAT_VEC4: return gl.uniform4fv(at, many);
      case gl.FLOAT_MAT3: return gl.uniformMatrix3fv(at, true, many);
      case gl.INT_VEC2: return gl.uniform2iv(at, many);
      default: return gl.uniform1iv(at, many);
    }
  }
}

interface Format {
  internal: number;
  format: number;
  type: number;
}

export function formats(gl: WebGL2RenderingContext) {
  return {
    grey: { internal: gl.R8, format: gl.RED, type: gl.UNSIGNED_BYTE },
    colour: { internal: gl.RGBA8, format: gl.RGBA, type: gl.UNSIGNED_BYTE },
    half: { internal: gl.RGBA16F, format: gl.RGBA, type: gl.HALF_FLOAT },
    halfGrey: { internal: gl.R16F, format: gl.RED, type: gl.FLOAT },
    places: { internal: gl.RGBA16UI, format: gl.RGBA_INTEGER, type: gl.UNSIGNED_SHORT },
    shapes: { internal: gl.RGBA32UI, format: gl.RGBA_INTEGER, type: gl.UNSIGNED_INT },
  } satisfies Record<string, Format>;
}

export interface TextureOptions {
  mips?: boolean;
  nearest?: boolean;
  repeat?: boolean;
}

export function makeTexture(
  gl: WebGL2RenderingContext,
  kind: Format,
  width: number,
  height: number,
  source: TexImageSource | ArrayBufferView | null = null,
  options: TextureOptions = {},
): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  if (source === null || ArrayBuffer.isView(source)) {
    gl.texImage2D(gl.TEXTURE_2D, 0, kind.internal, width, height, 0, kind.format, kind.type, source);
  } else {
    gl.texImage2D(gl.TEXTURE_2D, 0, kind.internal, kind.format, kind.type, source);
  }
  sampling(gl, gl.TEXTURE_2D, options);
  return texture;
}

export function sampling(gl: WebGL2RenderingContext, target: number, options: TextureOptions): void {
  const smooth = options.nearest ? gl.NEAREST : gl.LINEAR;
  const wrap = options.repeat ? gl.REPEAT : gl.CLAMP_TO_EDGE;
  if (options.mips) gl.generateMipmap(target);
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, options.mips ? gl.LINEAR_MIPMAP_LINEAR : smooth);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, smooth);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, wrap);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, wrap);
}

/** Planes one above the other become layers. */
export function makeLayers(gl: WebGL2RenderingContext, stack: ImageBitmap): WebGLTexture {
  const side = stack.width;
  const count = stack.height / side;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, gl.R8, side, side, count, 0, gl.RED, gl.UNSIGNED_BYTE, stack);
  sampling(gl, gl.TEXTURE_2D_ARRAY, {});
  return texture;
}

/** A depth for frames of one size. */
export function makeDepth(gl: WebGL2RenderingContext, size: number): WebGLRenderbuffer {
  const depth = gl.createRenderbuffer();
  gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, size, size);
  return depth;
}

/** A frame that draws into textures, its own to delete unless said otherwise; a depth never is. */
export class Target {
  readonly frame: WebGLFramebuffer;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    readonly width: number,
    readonly height: number,
    readonly textures: WebGLTexture[],
    { depth, owned = true }: { depth?: WebGLRenderbuffer; owned?: boolean } = {},
  ) {
    this.owned = owned;
    this.frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    textures.forEach((texture, i) =>
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + i, gl.TEXTURE_2D, texture, 0),
    );
    gl.drawBuffers(textures.map((_, i) => gl.COLOR_ATTACHMENT0 + i));
    if (depth) gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
  }

  /** GpuError where the driver cannot draw to textures of such kinds; the answer is waited for. */
  check(): this {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE)
      throw new GpuError("This graphics driver cannot draw to such pictures.");
    return this;
  }

  private readonly owned: boolean;

  bind(): void {
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, this.frame);
    this.gl.viewport(0, 0, this.width, this.height);
  }

  free(): void {
    this.gl.deleteFramebuffer(this.frame);
    if (this.owned) this.textures.forEach((texture) => this.gl.deleteTexture(texture));
  }
}

/** Draws one triangle that covers the target. */
export function fill(gl: WebGL2RenderingContext, textures: Record<string, [WebGLTexture, number?]> = {}): string[] {
  const names = Object.keys(textures);
  names.forEach((name, unit) => {
    const [texture, target] = textures[name];
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(target ?? gl.TEXTURE_2D, texture);
  });
  return names;
}

/** Texture units by the order in which `fill` bound them. */
export function units(names: string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, unit) => [name, unit]));
}
