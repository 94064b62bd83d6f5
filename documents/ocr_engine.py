"""The recogniser with its models in memory: the sandbox imports this before it forks, so no document waits for it."""

from rapidocr_onnxruntime import RapidOCR

ROWS = 48  # pixels: the height of a line as the model wants it

# One thread: workers run side by side, and waiting threads would burn the CPU time of others. One line at a time: in a
# batch each is as wide as the widest. A label is short, and the time goes by columns: hence the least of them.
engine = RapidOCR(
    intra_op_num_threads=1, inter_op_num_threads=1, rec_img_shape=(3, ROWS, ROWS), rec_batch_num=1
)
