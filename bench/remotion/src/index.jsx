// Plays an edit as Tirage hands it over: one video for each shot, stills and captions above.
// The props are described in docs/howto/use-remotion.md; nothing else is asked of a project but the composition `tirage`.
import {AbsoluteFill, Composition, Img, OffthreadVideo, Sequence, interpolate, registerRoot, staticFile, useCurrentFrame, useVideoConfig} from "remotion";

const way = (frame, path, part) => {
  if (path.length === 1) return path[0][part];
  return interpolate(frame, path.map((point) => point[0]), path.map((point) => point[part]), {extrapolateLeft: "clamp", extrapolateRight: "clamp"});
};

// The part of the camera's picture that is seen, enlarged to the whole; `fade` over the shot below.
const Shot = ({shot}) => {
  const frame = useCurrentFrame();
  const {width} = useVideoConfig();
  const [x, y, across] = [1, 2, 3].map((part) => way(frame, shot.box, part));
  const scale = width / across;
  const opacity = shot.fade ? (shot.fade[0] + frame + 1) / (shot.fade[1] + 1) : 1;
  const place = {position: "absolute", left: -x * scale, top: -y * scale, width: shot.width * scale, height: shot.height * scale};
  return (
    <AbsoluteFill style={{overflow: "hidden", opacity}}>
      <OffthreadVideo muted src={staticFile(shot.file)} trimBefore={shot.frame} style={place} />
    </AbsoluteFill>
  );
};

const Still = ({still}) => {
  const at = useCurrentFrame() + still.done;
  const opacity = still.fade ? Math.min((at + 1) / (still.fade + 1), (still.total - at) / (still.fade + 1), 1) : 1;
  return <Img src={staticFile(still.file)} style={{position: "absolute", left: still.x, top: still.y, opacity}} />;
};

const Caption = ({text}) => {
  const {height} = useVideoConfig();
  const letters = {fontSize: height / 20, fontFamily: "sans-serif", fontWeight: "bold", color: "white", background: "rgba(16, 16, 16, 0.7)", padding: height / 108};
  return (
    <AbsoluteFill style={{justifyContent: "flex-end", alignItems: "center", paddingBottom: height / 17}}>
      <span style={{...letters, whiteSpace: "pre-line", textAlign: "center"}}>{text}</span>
    </AbsoluteFill>
  );
};

const placed = (items, draw) =>
  items.map((item, index) => (
    <Sequence key={index} from={item.at} durationInFrames={item.length} layout="none">
      {draw(item)}
    </Sequence>
  ));

const Edit = ({shots, stills, captions}) => (
  <AbsoluteFill style={{background: "black"}}>
    {placed(shots, (shot) => <Shot shot={shot} />)}
    {placed(stills, (still) => <Still still={still} />)}
    {placed(captions, (caption) => <Caption text={caption.text} />)}
  </AbsoluteFill>
);

const nothing = {fps: 30, width: 1920, height: 1080, length: 30, shots: [], stills: [], captions: []};

registerRoot(() => (
  <Composition
    id="tirage"
    component={Edit}
    defaultProps={nothing}
    width={nothing.width}
    height={nothing.height}
    fps={nothing.fps}
    durationInFrames={nothing.length}
    calculateMetadata={({props}) => ({width: props.width, height: props.height, fps: props.fps, durationInFrames: props.length})}
  />
));
